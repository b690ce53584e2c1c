/* jusante
about: Revenue by month and category, for the board.
owner: finance@shop.example
grain: [month, category]
*/
select date_trunc('month', s.day) as month, p.category, sum(s.revenue) as revenue, sum(s.orders) as orders
from marts.daily_sales as s
join staging.products as p using (sku)
group by all
