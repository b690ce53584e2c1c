/* jusante
about: The catalogue with what is known of each product's weight.
owner: analytics@shop.example
kind: view
*/
select p.sku, p.name, p.category, p.list_price, d.weight_g
from catalogue.products as p
left join catalogue.details as d using (sku)
