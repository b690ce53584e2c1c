"""What is paid for nothing: each a rule from what is known of an asset to what to say of it, and what it costs a month.

A rule is silent where it does not know enough. What is read outside of the project is read by people whom nobody counts:
of it nothing is said that rests on counting reads.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from jusante.core.words import counted

WasteKind = Literal["unread", "too_often", "duplicate", "small_files", "row_by_row"]
LEAST_MADE = 10
"""What was made less often is not made too often."""
TOO_OFTEN = 2
"""What is made so many times as often as it is read is."""
FEW_ROWS = 100
"""A load that brings fewer rows than this costs as much as one that brings a thousand times as many."""
MOST_LOADS_A_DAY = 48
BATCHES_A_DAY = 24
"""What is proposed instead: a batch an hour."""
GOOD_FILE_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a table. Costs are those of a month, reads and makes those of the `days` that were looked at.

    `make_usd` is what making it costs, `store_usd` what it costs at rest. `made` is how often it was made, `uses` how
    often it was read in the end, by people, dashboards and steps, through whatever is made of it. `is_used`: something
    reads it in the end, counted or not; `outside`: somebody outside does. `files` and `bytes` are of its current snapshot;
    `fragmented`: maintenance would make them fewer. `alike` is the same for tables that hold the same.
    """

    asset: str
    kind: str
    days: int
    make_usd: Decimal = Decimal(0)
    store_usd: Decimal = Decimal(0)
    request_usd: Decimal = Decimal(0)
    made: int = 0
    rows: int = 0
    uses: int = 0
    is_used: bool = True
    outside: bool = False
    is_new: bool = False
    files: int = 0
    bytes: int = 0
    fragmented: bool = False
    alike: str = ""
    since: str = ""

    @property
    def usd(self) -> Decimal:
        """What it costs a month."""
        return self.make_usd + self.store_usd


@dataclass(frozen=True, slots=True)
class Waste:
    """Something paid for nothing. `usd_per_month` is what the fix would save; `others` are the assets it is about as well."""

    kind: WasteKind
    asset: str
    what: str
    usd_per_month: Decimal
    fix: str
    others: tuple[str, ...] = ()


def unread(known: Known) -> Waste | None:
    """A table that nobody has read in the end, though it was there all the time."""
    if known.is_used or known.is_new or known.outside:
        return None
    what = f"nobody has read it for {known.days} days, nor anything that is made of it"
    where = "its source's file" if known.kind == "ingested" else "the project"
    return Waste("unread", known.asset, what, known.usd, f"take it out of {where}, or make it a view")


def too_often(known: Known) -> Waste | None:
    """A table that is made anew more often than anybody reads it."""
    if known.outside or not known.is_used or not known.uses or known.made < LEAST_MADE:
        return None
    if known.made < TOO_OFTEN * known.uses:
        return None
    what = f"made {counted(known.made, 'time')} in {known.days} days and read {counted(known.uses, 'time')}"
    saved = known.make_usd * (known.made - known.uses) / known.made
    every = _every(known.days * 24 / known.uses)
    return Waste("too_often", known.asset, what, saved, f"make it less often: every: {every}")


def small_files(known: Known) -> Waste | None:
    """A table of many small files: each read opens all of them."""
    if not known.fragmented:
        return None
    needed = max(1, -(-known.bytes // GOOD_FILE_BYTES))
    what = (
        f"{known.files:,} files of {known.bytes // max(known.files, 1):,} bytes on average, where {needed:,} would do"
    )
    saved = known.request_usd * (known.files - needed) * known.uses * 30 / known.days
    return Waste("small_files", known.asset, what, saved, f"jusante maintain {known.asset}")


def row_by_row(known: Known) -> Waste | None:
    """A table that is loaded a few rows at a time, many times a day."""
    a_day = known.made / known.days
    if known.kind != "ingested" or a_day <= MOST_LOADS_A_DAY or known.rows >= FEW_ROWS * known.made:
        return None
    each = known.rows / known.made
    what = f"{known.made:,} loads in {known.days} days brought {each:,.1f} rows each"
    saved = known.make_usd * (1 - Decimal(BATCHES_A_DAY) / Decimal(a_day))
    fix = "load it in batches: `every: 1h`, or `when: {rows: 1000}`, under its `ingest`"
    return Waste("row_by_row", known.asset, what, saved, fix)


def duplicates(tables: Iterable[Known]) -> Iterator[Waste]:
    """Tables that hold the same: all but the one that is read most could go."""
    alike: dict[str, list[Known]] = {}
    for known in tables:
        if known.alike:
            alike.setdefault(known.alike, []).append(known)
    for same in alike.values():
        first, *rest = sorted(same, key=lambda known: (-known.uses, known.asset))
        if rest:
            names = tuple(known.asset for known in rest)
            what = f"holds the same as {', '.join(names)}{f', {first.since}' if first.since else ''}"
            saved = sum((known.usd for known in rest), Decimal(0))
            yield Waste("duplicate", first.asset, what, saved, f"read {first.asset}, and take the rest out", names)


RULES = (unread, too_often, small_files, row_by_row)


def found(tables: Sequence[Known]) -> tuple[Waste, ...]:
    """All that is paid for nothing, the dearest first. What nobody reads is not told to be made too often as well."""
    told = [waste for known in tables for rule in RULES if (waste := rule(known))]
    told += duplicates(tables)
    return tuple(sorted(told, key=lambda waste: (-waste.usd_per_month, waste.asset, waste.kind)))


def _every(hours: float) -> str:
    return f"{max(1, round(hours))}h" if hours < 48 else f"{round(hours / 24)}d"
