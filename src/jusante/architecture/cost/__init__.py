"""What things cost: measured, priced, carried along the graph, held against budgets; and what is paid for nothing."""
