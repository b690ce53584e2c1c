{{ config(materialized='ephemeral') }}
select order_id, cast(sum(amount) as decimal(12, 2)) as revenue
from {{ ref('stg_order_lines') }}
group by order_id
