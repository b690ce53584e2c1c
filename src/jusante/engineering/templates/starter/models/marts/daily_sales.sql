/* jusante
about: Revenue by product and day.
owner: you@example.com
grain: [product, day]
checks:
  - positive: revenue
*/
select
    product,
    cast(ordered_at as date) as day,
    sum(quantity) as quantity,
    sum(quantity * unit_price) as revenue
from shop.orders
group by all
