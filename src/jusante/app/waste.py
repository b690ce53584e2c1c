"""What a project pays for nothing, from its ledger and its tables."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jusante.app.spending import Spending, spent
from jusante.app.system import System
from jusante.architecture.cost.rates import price
from jusante.architecture.cost.waste import Known, Waste, found
from jusante.core.asset import Asset
from jusante.core.cost import Charge, Rates
from jusante.core.model import SqlModel
from jusante.core.names import quote, quote_table
from jusante.management.lake import Tables
from jusante.orchestration.maintenance import SMALL_FILE_BYTES, SMALL_FILES_TOLERATED
from jusante.ports.table_store import Table

LEARNT_DAYS = 30
"""So long nobody has to have read something before that is said of it."""
MOST_COMPARED_BYTES = 1_000_000_000
"""Tables larger than this are not read only to see whether two of them hold the same."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is wasted, and what cannot be told yet because the ledger is too young: it is `age_days` old."""

    waste: tuple[Waste, ...]
    age_days: int

    @property
    def is_early(self) -> bool:
        """Whether it is too early to say that nobody reads something."""
        return self.age_days < LEARNT_DAYS

    @property
    def usd_per_month(self) -> Decimal:
        """What could be saved, at the most: two findings may be about the same money."""
        return sum((waste.usd_per_month for waste in self.waste), Decimal(0))

    def as_dict(self) -> dict[str, Any]:
        """What is wasted, as `--json` prints it."""
        return {
            "waste": [
                {
                    "kind": waste.kind,
                    "asset": waste.asset,
                    "others": list(waste.others),
                    "what": waste.what,
                    "usd_per_month": float(waste.usd_per_month),
                    "fix": waste.fix,
                }
                for waste in self.waste
            ],
            "ledger_days": self.age_days,
            "too_early": ["unread"] if self.is_early else [],
        }


def wasted(system: System, now: dt.datetime, days: int = LEARNT_DAYS) -> Found:
    """What is paid for nothing, from the last so many days. Tables that may hold the same are read and compared."""
    first = system.metadata.events(0, 1)
    age = (now - first[0].at).days if first else 0
    looked_at = max(1, min(days, age))
    spending = spent(system, now - dt.timedelta(days=days), now)
    tables = system.tables()
    alike = _alike(system, tables)
    known = [
        _known(asset, spending, looked_at, tables, system.project.environment.rates, alike, early=age < days)
        for asset in system.graph
        if asset.is_table
    ]
    return Found(found(known), age)


def _known(  # noqa: PLR0913  # all that rules look at comes together here
    asset: Asset,
    spending: Spending,
    days: int,
    tables: Tables,
    rates: Rates,
    alike: Mapping[str, tuple[str, str]],
    *,
    early: bool,
) -> Known:
    own = [charge for charge in spending.charges if charge.asset and spending.home(charge.asset) == asset.id]
    metered = [each for each in spending.metered if each.kind == "task" and each.asset == asset.id]
    standing = spending.stored.get(asset.id)
    table = tables.get(asset.id)
    files = len(table.plan.files) if table else 0
    size = table.plan.bytes if table else 0
    below = spending.graph.below([asset.id])
    return Known(
        asset=asset.id,
        kind=asset.kind,
        days=days,
        make_usd=_monthly([each for each in own if each.kind == "task"], days),
        store_usd=_monthly([each for each in own if each.kind == "storage"], days),
        request_usd=price("requests", rates) / 1_000_000,
        made=sum(each.made for each in metered),
        rows=sum(each.rows for each in metered),
        uses=_uses(asset.id, spending),
        is_used=any(spending.graph[name].kind in {"dashboard", "exposure", "step"} for name in below)
        or any(spending.reads.by(name) for name in below),
        outside=any(spending.graph[name].kind == "exposure" for name in below),
        is_new=early or standing is None or not _was_there(asset.id, spending),
        files=files,
        bytes=size,
        fragmented=files > SMALL_FILES_TOLERATED and size / files <= SMALL_FILE_BYTES,
        alike=alike.get(asset.id, ("", ""))[0],
        since=alike.get(asset.id, ("", ""))[1],
    )


def _monthly(charges: Sequence[Charge], days: int) -> Decimal:
    return sum((charge.usd for charge in charges), Decimal(0)) / days * 30


def _was_there(name: str, spending: Spending) -> bool:
    return spending.first_stored.get(name, spending.until) <= spending.since


def _uses(name: str, spending: Spending) -> int:
    """How often a table was read in the end, at the most: what is made of it may be read by several."""
    graph, reads = spending.graph, spending.reads
    times = 0
    for below in graph.below([name]):
        times += reads.by(below)
        if graph[below].kind in {"dashboard", "step"}:
            times += reads.made.get(below, 0)
    return times


# -- tables that hold the same -------------------------------------------------------------------------------------------


def _alike(system: System, tables: Tables) -> dict[str, tuple[str, str]]:
    """A key that tables which hold the same have in common, and how that is known; tables that stand alone are left out."""
    keys: dict[str, tuple[str, str]] = {}
    for group in _groups({asset.id: _query(asset) for asset in system.graph if asset.is_table}):
        keys |= dict.fromkeys(group, (f"query {group[0]}", "by the same query"))
    shown = {a.id: t for a in system.graph if a.is_table and a.id not in keys and (t := tables.get(a.id))}
    for group in _groups({name: _outline(table) for name, table in shown.items()}):
        digests = {name: _digest(system, shown[name]) for name in group}
        for same in _groups(digests):
            keys |= dict.fromkeys(same, (f"rows {same[0]}", "row by row"))
    return keys


def _groups(keys: Mapping[str, Any]) -> list[list[str]]:
    """The names that have a key in common, where there is more than one."""
    found: dict[Any, list[str]] = {}
    for name, key in keys.items():
        if key:
            found.setdefault(key, []).append(name)
    return [names for names in found.values() if len(names) > 1]


def _query(asset: Asset) -> str:
    return asset.definition.query.canonical if isinstance(asset.definition, SqlModel) else ""


def _outline(table: Table) -> tuple[Any, ...] | None:
    """What can be compared without reading a row; None for what is empty, or too large to be read for this."""
    if not table.plan.rows or table.plan.bytes > MOST_COMPARED_BYTES:
        return None
    return (table.plan.rows, *sorted((column.name.lower(), column.type) for column in table.schema))


def _digest(system: System, table: Table) -> tuple[Any, ...]:
    """The same for tables of the same rows, in whatever order: two sums over a hash of each row."""
    columns = ", ".join(quote(name) for name in sorted(table.schema.names, key=str.lower))
    sql = f"select bit_xor(h), sum(h::hugeint) from (select hash({columns}) as h from {quote_table(table.name)})"
    with system.engine.session({table.name: table.plan}) as session:
        return session.rows(sql)[0]
