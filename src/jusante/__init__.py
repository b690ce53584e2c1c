"""jusante: the whole life of data as code, from source system to dashboard."""

__version__ = "0.1.0"
