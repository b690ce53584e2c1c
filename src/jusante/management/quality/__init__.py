"""Checks as SQL: one pass for all that look at rows alone, one for each uniqueness, relationship and query."""

from jusante.management.quality.audit import Audit, Result, audit
from jusante.management.quality.conditions import failing
from jusante.management.quality.hidden import Hidden, Hiding, nothing_hidden
from jusante.management.quality.problems import problems
from jusante.management.quality.quarantine import aside_sql, keep_sql

__all__ = [
    "Audit",
    "Hidden",
    "Hiding",
    "Result",
    "aside_sql",
    "audit",
    "failing",
    "keep_sql",
    "nothing_hidden",
    "problems",
]
