"""What drifted at the sources, asked now, without loading: each finding with those it touches."""

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from jusante.app.announcing import announced
from jusante.app.columns import columns_of
from jusante.app.data_drift import data
from jusante.app.system import System
from jusante.core import quiet_hours
from jusante.core.announcement import Announcement, nearest_to
from jusante.core.asset import Asset, Ingested
from jusante.core.blast import Touched, blast
from jusante.core.column_graph import ColumnGraph
from jusante.core.drift import Finding
from jusante.core.holds import Hold, stops, ways
from jusante.core.lineage import Origin
from jusante.core.names import nearest
from jusante.core.run import AssetState
from jusante.core.shape import Shape
from jusante.errors import JusanteError, SourceHeld, UsageError
from jusante.ingestion.drift import Asked, look
from jusante.orchestration.holding import holds_of
from jusante.ports.connector import Connector
from jusante.ports.table_store import Table


@dataclass(frozen=True, slots=True)
class Subject:
    """A table that is asked about: its open source, the table as it stands here, and what the last load left."""

    system: System
    asset: Asset
    ingested: Ingested
    connector: Connector
    table: Table | None
    state: AssetState | None


@dataclass(frozen=True, slots=True)
class Found:
    """A finding with all that depends on what it is about, the most important first. `since` when it waits, if it does.

    `planned` is what its owner announced of it, in words; `by` that announcement.
    """

    finding: Finding
    blast: tuple[Touched, ...]
    asset: Asset
    since: str | None = None
    by: Announcement | None = None
    planned: str = ""

    @property
    def waits(self) -> bool:
        """Whether somebody has to decide about it."""
        return self.finding.waits

    def as_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        said = self.finding.as_dict()
        names = ("table", "column", "change", "to", "confidence", "policy", "before", "after", "how")
        blast = [touched.as_dict() for touched in self.blast]
        fix = " or ".join(ways(self.finding))
        by = self.by.as_dict() | {"told": self.planned} if self.by else None
        return {name: said[name] for name in names} | {
            "held_since": self.since,
            "announced": by,
            "blast": blast,
            "fix": fix,
        }


@dataclass(frozen=True, slots=True)
class Drift:
    """What was found, and which sources could not be asked, with the reason."""

    found: tuple[Found, ...]
    unasked: tuple[tuple[str, JusanteError], ...] = ()
    tables: int = 0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        errors = [{"table": name, **error.as_dict()} for name, error in self.unasked]
        return {"findings": [found.as_dict() for found in self.found]} | ({"errors": errors} if errors else {})

    @property
    def waiting(self) -> tuple[Found, ...]:
        """The findings that somebody has to decide about."""
        return tuple(found for found in self.found if found.waits)


Finder = Callable[[Subject], tuple[Finding, ...]]
"""Asks a table's source for one sort of change."""


def structure(subject: Subject) -> tuple[Finding, ...]:
    """What changed in the table's shape since the last load."""
    last = Shape.from_dict(subject.state.shape) if subject.state and subject.state.shape else None
    current = subject.table if subject.state else None
    asked = Asked(subject.asset.id, subject.ingested, current, last)
    return look(asked, subject.connector, subject.system.engine).verdict.findings


def measured(subject: Subject) -> tuple[Finding, ...]:
    """What was found in the data of the table's last load."""
    return data(subject.system, subject.asset.id)


FINDERS: tuple[Finder, ...] = (structure, measured)
"""All that is looked for."""


def drift(system: System, source: str | None = None) -> Drift:
    """Ask the sources, all or the one named, what changed; several at a time, each one table after the other."""
    began = time.monotonic()
    chosen = _chosen(system, source)
    states, tables = system.metadata.states(), system.tables()
    results: list[tuple[tuple[Finding, ...], tuple[tuple[str, JusanteError], ...]]] = []
    with ThreadPoolExecutor(system.project.environment.parallel, thread_name_prefix="drift") as pool:
        work = [pool.submit(_ask_source, system, assets, states, tables.get) for assets in chosen.values()]
        results = [each.result() for each in work]
    findings = [finding for found, _ in results for finding in found]
    errors = tuple(error for _, some in results for error in some)
    found = touched_by(system, findings, holds_of(states))
    count = sum(len(assets) for assets in chosen.values())
    return Drift(found, errors, count, round(time.monotonic() - began, 3))


def held(system: System) -> tuple[Found, ...]:
    """What waits for a decision, as the last loads found it. Asks nobody."""
    holds = holds_of(system.metadata.states())
    return touched_by(system, [hold.finding for hold in holds], holds)


def touched_by(system: System, findings: Iterable[Finding], holds: Iterable[Hold] = ()) -> tuple[Found, ...]:
    """Findings with their blast radius: those that wait first, of these the ones that touch most."""
    graph, findings = system.graph, tuple(findings)
    columns = columns_of(system) if findings else None
    since = {(hold.table, hold.finding.column): hold.since for hold in holds}
    known = announced(system) if findings else ()
    found = [
        _with_plan(
            Found(
                finding,
                blast(graph, columns, _origins(finding, columns)) if columns else (),
                graph[finding.table],
                since.get((finding.table, finding.column)),
            ),
            known,
        )
        for finding in findings
    ]
    return tuple(sorted(found, key=lambda each: (not each.waits, -len(each.blast), each.finding.table)))


def _with_plan(found: Found, known: Iterable[Announcement]) -> Found:
    """With what was announced of it, for now, or for when it began to be held."""
    of, now = _of(found.finding), dt.datetime.now(dt.UTC)
    seen = dt.datetime.fromisoformat(found.since) if found.since else now
    if any(each.explains(*of, now) for each in known):
        seen = now
    by = nearest_to(known, *of, seen)
    return replace(found, by=by, planned=by.told_of(seen)) if by else found


def _of(finding: Finding) -> tuple[str, str, str]:
    return finding.table, finding.column, finding.change


def would_wait(found: Iterable[Found], now: dt.datetime) -> tuple[Hold, ...]:
    """The holds that a load would make of findings."""
    waiting = [each for each in found if each.waits and stops(each.finding)]
    return tuple(
        Hold(
            each.finding.table,
            each.finding.column if each.asset.grain else "",
            each.since or now.isoformat(),
            each.finding,
        )
        for each in waiting
    )


def _origins(finding: Finding, columns: ColumnGraph) -> list[Origin]:
    """The columns here that a finding is about; of a key, the whole table."""
    if finding.change in {"added", "reordered"}:
        return []
    names = (finding.column,) if finding.column else columns.columns(finding.table)
    return [Origin(finding.table, name) for name in names]


def _chosen(system: System, source: str | None) -> Mapping[str, list[Asset]]:
    """The tables to ask about, by source. Raises UsageError for a source that there is not."""
    found: dict[str, list[Asset]] = {}
    for asset in system.graph:
        if isinstance(asset.definition, Ingested):
            found.setdefault(asset.definition.source.source, []).append(asset)
    if source is None:
        return found
    if source not in found:
        near = nearest(source, found)
        fix = f"did you mean {near}?" if near else f"there are {', '.join(found) or 'none'}"
        raise UsageError(f"there is no source {source}", fix=fix)
    return {source: found[source]}


def _ask_source(
    system: System,
    assets: Iterable[Asset],
    states: Mapping[str, AssetState],
    table: Callable[[str], Table | None],
) -> tuple[tuple[Finding, ...], tuple[tuple[str, JusanteError], ...]]:
    found: list[Finding] = []
    errors: list[tuple[str, JusanteError]] = []
    for asset in assets:
        assert isinstance(asset.definition, Ingested)
        try:
            _respect_quiet_hours(asset.definition)
            with closing(system.connect(asset.definition.source.source)) as connector:
                subject = Subject(system, asset, asset.definition, connector, table(asset.id), states.get(asset.id))
                found += [finding for finder in FINDERS for finding in finder(subject)]
        except JusanteError as error:
            errors.append((asset.id, error))
    return tuple(found), tuple(errors)


def _respect_quiet_hours(ingested: Ingested) -> None:
    limits = ingested.source.limits
    now = dt.datetime.now(dt.UTC)
    if limits.not_during and (end := quiet_hours.until(limits.not_during, now)):
        raise SourceHeld(
            f"source {ingested.source.source} wants to be left alone until {end:%H:%M %Z} (limits.not_during)",
            where=f"source {ingested.source.source}",
            fix=f"ask again after {end:%H:%M}",
        )
