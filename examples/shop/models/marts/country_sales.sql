/* jusante
about: Revenue by country.
owner: finance@shop.example
grain: [country]
checks:
  - row_count: {min: 1}
*/
select c.country, count(distinct c.customer_id) as customers, sum(l.amount) as revenue
from marts.order_lines as l
join sales.customers as c using (customer_id)
group by all
