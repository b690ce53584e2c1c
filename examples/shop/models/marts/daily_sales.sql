/* jusante
about: Revenue by product and day.
owner: growth@shop.example
kind: by_time
time: day
grain: [sku, day]
budget: {usd_per_month: 20}
checks:
  - positive: revenue
*/
select sku, day, sum(quantity) as quantity, sum(amount) as revenue, count(distinct order_id) as orders
from marts.order_lines
group by all
