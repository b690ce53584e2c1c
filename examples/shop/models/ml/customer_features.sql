/* jusante
about: What is known of each customer's buying, for models.
owner: ml@shop.example
tags: [ml]
grain: [customer_id]
*/
with spent as (
    select customer_id, count(distinct order_id) as orders, sum(amount) as spend, max(day) as last_day
    from marts.order_lines
    group by all
)
select
    c.customer_id,
    c.country,
    c.newsletter,
    coalesce(s.orders, 0) as orders,
    coalesce(s.spend, 0) as spend,
    s.last_day
from sales.customers as c
left join spent as s using (customer_id)
