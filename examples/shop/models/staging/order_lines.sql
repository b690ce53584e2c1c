/* jusante
about: What was ordered, line by line, with what it came to.
owner: analytics@shop.example
kind: view
*/
select
    i.order_id,
    i.line,
    o.customer_id,
    o.day,
    o.status,
    i.sku,
    i.quantity,
    i.unit_price,
    i.quantity * i.unit_price as amount
from sales.order_items as i
join staging.orders as o using (order_id)
