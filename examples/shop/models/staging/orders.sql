/* jusante
about: Real orders, one row each; the test team's own are left out.
owner: analytics@shop.example
kind: view
*/
select order_id, customer_id, status, ordered_at, cast(ordered_at as date) as day
from sales.orders
where not is_test
