select o.order_id
from {{ ref('orders') }} as o
left join {{ ref('stg_order_lines') }} as l on l.order_id = o.order_id
where o.status = 'returned' and l.order_id is null
