"""A whole shop: made-up data with ordinary dirt in it, source systems started for real, a project to run over them."""
