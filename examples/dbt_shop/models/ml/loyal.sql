/* jusante
about: Customers with more than one order that stayed, from the dbt project's orders.
owner: ml@shop.example
grain: [customer_id]
*/
select customer_id, count(*) as orders, sum(revenue) as revenue
from marts.orders
where status <> 'returned'
group by customer_id
having count(*) > 1
