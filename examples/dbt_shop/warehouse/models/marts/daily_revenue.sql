{{ config(materialized='incremental', unique_key='day') }}
select cast(ordered_at as date) as day, cast(sum(revenue) as decimal(12, 2)) as revenue, count(*) as orders
from {{ ref('orders') }}
where status <> 'returned'
{% if is_incremental() %}
  and cast(ordered_at as date) >= (select max(day) from {{ this }})
{% endif %}
group by 1
