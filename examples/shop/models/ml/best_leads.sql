/* jusante
about: The hundred customers to call first.
owner: sales-team@shop.example
tags: [ml]
grain: [customer_id]
checks:
  - row_count: {min: 1, max: 100}
*/
select s.customer_id, c.country, c.spend, s.score
from ml.lead_scores as s
join ml.customer_features as c using (customer_id)
order by s.score desc, s.customer_id
limit 100
