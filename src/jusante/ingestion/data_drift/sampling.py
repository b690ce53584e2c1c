"""Which rows of a large table are looked at: about so many, and always the same ones of the same rows."""

from collections.abc import Callable
from dataclasses import replace

from jusante.core.names import quote, quote_table
from jusante.ports.engine import Session
from jusante.ports.relation import FilePlan

STRIPES = 12
STRIPE_ROWS = 122_880
STRETCH_ROWS = 8_192
POSITION = "__position"
NUMBERED = "__numbered.rows"

Sampling = Callable[[Session, FilePlan, int], str]
"""SQL for about so many rows of files, all of whose rows can be seen in a session."""


def stretches(session: Session, plan: FilePlan, most: int) -> str:
    """Stretches of some stripes: a range of positions is what lets a reader leave whole row groups out.

    For rows that lie in the same order each time, as a source gives them.
    """
    files = plan.files[:: -(-len(plan.files) // STRIPES)]
    rows = plan.rows * len(files) // len(plan.files)
    session.add(NUMBERED, replace(plan, files=files, rows=rows, position_column=POSITION))
    stripes = range(0, -(-rows // STRIPE_ROWS), -(-rows // (STRIPE_ROWS * STRIPES)))
    taken = max(1, most * STRETCH_ROWS // min(rows, len(stripes) * STRIPE_ROWS))
    position = quote(POSITION)
    within = " or ".join(
        f"{position} between {stripe * STRIPE_ROWS} and {(stripe + 1) * STRIPE_ROWS - 1}" for stripe in stripes
    )
    return (
        f"select * exclude ({position}) from {quote_table(NUMBERED)} "
        f"where ({within}) and {position} % {STRETCH_ROWS} < {taken}"
    )


def scattered(session: Session, plan: FilePlan, most: int) -> str:
    """Rows from all over the files, by their positions and no rhythm in them. All that is sampled is read.

    For rows that a query has grouped, in another order each time: their neighbours are alike, so a stretch of them leans to
    one side.
    """
    session.add(NUMBERED, replace(plan, position_column=POSITION))
    position = quote(POSITION)
    return (
        f"select * exclude ({position}) from {quote_table(NUMBERED)} "
        f"where hash({position}) % {-(-plan.rows // most)} = 0"
    )


def hashed(relation: str, rows: int, most: int) -> str:
    """SQL for about so many rows of a relation that has no positions."""
    return f"select r.* from {quote_table(relation)} as r where hash(r) % {-(-rows // most)} = 0"
