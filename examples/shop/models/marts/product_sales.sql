/* jusante
about: What each product of the catalogue has sold.
owner: growth@shop.example
grain: [sku]
*/
select p.sku, p.name, p.category, coalesce(sum(s.quantity), 0) as quantity, coalesce(sum(s.revenue), 0) as revenue
from staging.products as p
left join marts.daily_sales as s using (sku)
group by all
