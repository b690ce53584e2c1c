"""`python -m jusante`."""

from jusante.cli import main

main()
