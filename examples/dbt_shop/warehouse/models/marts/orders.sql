select o.order_id, o.customer_id, o.ordered_at, o.status, c.country, n.name as country_name, t.revenue
from {{ ref('stg_orders') }} as o
join {{ ref('stg_customers') }} as c using (customer_id)
left join {{ ref('countries') }} as n on n.code = c.country
left join {{ ref('order_totals') }} as t on t.order_id = o.order_id
