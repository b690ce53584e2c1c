"""Names of tables and columns, and how they are written in SQL.

A table's name is `namespace.table`: the source or model folder, a dot, and the rest. The namespace holds no dot; the
table may hold anything, spaces, dots and quotes included.
"""

import difflib
from collections.abc import Iterable

QUARANTINE = "__quarantine"
"""What follows a table's name in that of its quarantine: the rows that a check has set aside."""


def quote(name: str) -> str:
    """One identifier as SQL:2016 writes it: in double quotes, inner ones doubled."""
    return '"' + name.replace('"', '""') + '"'


def quote_table(name: str) -> str:
    """`sales.order items` as `"sales"."order items"`."""
    namespace, table = split(name)
    return f"{quote(namespace)}.{quote(table)}"


def split(name: str) -> tuple[str, str]:
    """The namespace and the table of a table's name. Raises ValueError where there is no dot."""
    namespace, dot, table = name.partition(".")
    if not (namespace and dot and table):
        raise ValueError(f"{name!r} is not of the form namespace.table")
    return namespace, table


def nearest(wrong: str, right: Iterable[str]) -> str | None:
    """The one of `right` that somebody who wrote `wrong` most likely meant; None where nothing is near."""
    candidates = {name.lower(): name for name in right}
    found = difflib.get_close_matches(wrong.lower(), list(candidates), n=1, cutoff=0.6)
    return candidates[found[0]] if found else None
