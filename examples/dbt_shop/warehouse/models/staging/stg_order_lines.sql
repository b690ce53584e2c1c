select order_id, line, sku, quantity, {{ euros('quantity * unit_price') }} as amount
from {{ source('raw', 'order_items') }}
