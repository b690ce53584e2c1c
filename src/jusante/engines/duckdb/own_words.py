"""Sentences of ours that come back as an error of a query: they quote no value, whatever the query reads."""

import re

_MISFIT = re.compile(
    r"column .{1,200}? holds something that is no (boolean|int|long|float|double|decimal\(\d+,\d+\)|date|time"
    r"|timestamp|timestamptz|uuid|binary|string)(?=$|\n)"
)


def own_words(message: str) -> str:
    """What `ingestion.transit.cast` says of a column that does not fit its type; empty where the message is another."""
    found = _MISFIT.search(message)
    return found[0] if found else ""
