"""Values that are missing."""

from collections.abc import Iterator, Sequence

from jusante.core.profile import ColumnProfile
from jusante.ingestion.data_drift.deviation import Deviation
from jusante.ingestion.data_drift.shares import Share, share_of
from jusante.ingestion.data_drift.surprise import Care

NULL = Share("nulls", "{}", least=0.01, least_from_none=0.003)


def nulls(past: Sequence[ColumnProfile], now: ColumnProfile, care: Care) -> Iterator[Deviation]:
    """The share of nulls (and of what is no number in a column of numbers)."""
    yield from share_of(
        NULL, [(load.rows - load.filled, load.rows) for load in past], (now.rows - now.filled, now.rows), care
    )
