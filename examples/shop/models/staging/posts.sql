/* jusante
about: Posts by day and product name, with a plain reading of their mood.
owner: marketing@shop.example
kind: view
*/
select
    id,
    cast(posted_at as date) as day,
    product_name,
    likes,
    case when text like '%returned%' then -1 when text like '%love%' or text like '%recommend%' then 1 else 0 end as mood
from social.posts
