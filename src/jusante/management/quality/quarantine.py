"""Rows that fail, set aside: each row lands in exactly one of two SELECTs.

Of rows that share a key which should be unique, all are set aside: to keep one of them would be a guess.
"""

from jusante.core.check import Check
from jusante.core.literals import text
from jusante.management.quality.conditions import failing
from jusante.management.quality.words import title


def keep_sql(table: str, checks: tuple[Check, ...]) -> str:
    """The rows that pass all of the checks."""
    return f"select * from {table} where not ({_any(table, checks)})"


def aside_sql(table: str, checks: tuple[Check, ...]) -> str:
    """The rows that fail any of the checks, with the names of those in `_check`."""
    names = ", ".join(f"case when {failing(check, table)} then {text(title(check))} end" for check in checks)
    return f"select *, concat_ws('; ', {names}) as _check from {table} where {_any(table, checks)}"


def _any(table: str, checks: tuple[Check, ...]) -> str:
    return " or ".join(failing(check, table) for check in checks)
