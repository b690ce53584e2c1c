/* jusante
about: Revenue by product and day.
owner: growth@shop.example
grain: [sku, day]
checks:
  - positive: revenue
*/
select sku, day, sum(quantity) as quantity, sum(amount) as revenue, count(distinct order_id) as orders
from marts.order_lines
group by all
