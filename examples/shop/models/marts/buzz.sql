/* jusante
about: What is said about each product, by month. Names are not unique in the catalogue, so this is by name.
owner: marketing@shop.example
grain: [product_name, month]
checks:
  - range: {column: mood, min: -1, max: 1}
*/
select product_name, date_trunc('month', day) as month, count(*) as posts, sum(likes) as likes, avg(mood) as mood
from staging.posts
group by all
