"""The catalogue: what there is, and how it is found."""
