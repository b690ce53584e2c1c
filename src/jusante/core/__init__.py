"""The nouns: pure values and functions, no I/O and no clock. Project files validate straight into them."""
