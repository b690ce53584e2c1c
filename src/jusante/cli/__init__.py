"""The command line. Commands are imported when they are called: `jusante --help` loads nothing heavy."""

from jusante.cli.main import main

__all__ = ["main"]
