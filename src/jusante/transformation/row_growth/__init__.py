"""Row growth: what a query does to the number of rows, which join repeats them, and which measures that inflates."""
