/* jusante
about: Lines that count as sold. What is wrong with a line sets it aside, so that the day's sales are still told.
owner: analytics@shop.example
grain: [order_id, line]
checks:
  - positive: quantity
    quarantine: true                  # kept in marts.order_lines__quarantine, for the team that books refunds this way
  - relationships: {column: sku, to: catalogue.products.sku}
    severity: warn                    # sold, and in no catalogue: told, and published
*/
select * from staging.order_lines where status <> 'cancelled'
