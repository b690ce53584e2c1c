"""Tokens turned back into what they stand for, for a purpose, told to the ledger."""

import datetime as dt
from collections.abc import Sequence

from jusante.app.system import System
from jusante.core.asset import Ingested
from jusante.core.event import Event
from jusante.errors import NotAllowed, UsageError

MOST_AT_ONCE = 10_000


def reveal(system: System, column: str, tokens: Sequence[str], purpose: str) -> tuple[str | None, ...]:
    """The values of a column's tokens; None for those of the erased. The ledger learns first who asked for how many, and why.

    Raises NotAllowed where the column is not kept for that purpose, UsageError for what is no token of this project.
    """
    table, _, name = column.rpartition(".")
    asset = system.graph[table] if table in system.graph else None  # noqa: SIM401  # a graph has no `get`
    rule = asset.definition.table.rule(name) if asset and isinstance(asset.definition, Ingested) else None
    if asset is None or rule is None or rule.mask is None or rule.mask.kind != "tokenise":
        raise UsageError(f"{column} holds no tokens", fix="name an ingested column that is masked by tokenise")
    if purpose not in rule.purpose:
        kept = " or ".join(rule.purpose) or "nothing"
        raise NotAllowed(
            f"{column} is kept for {kept}, not for {purpose}",
            where=str(asset.place),
            fix="say another purpose, or add this one to the column's, if its owner agrees",
        )
    if len(tokens) > MOST_AT_ONCE:
        raise UsageError(f"{len(tokens):,} tokens are too many", fix=f"ask for {MOST_AT_ONCE:,} at once, at the most")
    payload = {"column": column, "purpose": purpose, "tokens": len(tokens)}
    system.metadata.tell([Event("token.revealed", dt.datetime.now(dt.UTC), None, table, payload)])
    opener = system.masks().tokens
    return tuple(opener.open(token) for token in tokens)
