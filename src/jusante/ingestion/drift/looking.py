"""One look at a table's source: what it has, what changed since the last load, and what a load will do about it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from jusante.core.asset import Ingested
from jusante.core.drift import Finding
from jusante.core.schema import Column, Schema
from jusante.core.shape import Shape
from jusante.core.source import SourceTable
from jusante.ingestion import mapping
from jusante.ingestion.drift.agreement import Agreement, Measure, Pair
from jusante.ingestion.drift.structure import Comparison, compare
from jusante.ingestion.drift.values import Look
from jusante.ingestion.drift.verdict import Verdict, decide, remembered
from jusante.ingestion.transit import FILE_COLUMN
from jusante.ports.connector import Connector, Request
from jusante.ports.engine import Engine
from jusante.ports.table_store import Table


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked at: a table, as it stands here (None before the first load), and its shape at the last load."""

    name: str
    ingested: Ingested
    current: Table | None
    last: Shape | None

    @property
    def table(self) -> SourceTable:
        """How the table is ingested."""
        return self.ingested.table

    @property
    def known(self) -> Schema | None:
        """The columns of the table under their names at the source: they guide the reading of formats without types."""
        if self.current is None:
            return None
        there = {name.lower(): column for name, column in _plainly_mapped(self.table).items()}
        columns = (c for c in self.current.schema if c.name != FILE_COLUMN and not self.table.rule(c.name).mask)
        return Schema(tuple(replace(c, name=there.get(c.name.lower(), c.name)) for c in columns))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look has found: the source's columns, what a load does, and what the next load is held against."""

    source: Schema
    verdict: Verdict
    shape: Shape

    @property
    def taken_in(self) -> Schema:
        """The source's columns without those that wait for a decision."""
        out = {name.lower() for name in self.verdict.left_out}
        return Schema(tuple(c for c in self.source if c.name.lower() not in out), self.source.keys)


def look(asked: Asked, connector: Connector, engine: Engine) -> Seen:
    """Ask the source for its columns, and for some rows where names do not tell which is which. Loads nothing."""
    source = connector.schema(asked.ingested.name, asked.table, asked.known)
    place = place_of(asked.ingested)
    expected = expected_of(asked, place)
    was = {name: rule.was for name, rule in asked.table.columns.items() if rule.was}
    if expected is None or asked.current is None:
        return Seen(source, Verdict(), Shape(place, source, _names(asked, source), was))
    names = _names(asked, expected, source)
    comparison = _comparison(asked, expected, source, names)
    findings, pairing = compare(comparison, _measure(asked, connector, engine, names, comparison))
    findings = tuple(finding for finding in findings if not _is_withheld(finding, asked.table))
    verdict = decide(findings, pairing, asked.table, names)
    verdict = _with_dependents(verdict, asked, expected, names)
    return Seen(source, verdict, Shape(place, remembered(expected, source, pairing, verdict, names), names, was))


def expected_of(asked: Asked, place: str) -> Schema | None:
    """The columns that the source is held against: those of the last load; None where it is read from elsewhere now.

    A table from before shapes were kept has the columns that it has here.
    """
    if asked.last is None:
        return asked.known
    return asked.last.columns if asked.last.place == place else None


def place_of(ingested: Ingested) -> str:
    """A hash of where a table is read from; a secret is no part of it."""
    table = ingested.table
    told = [ingested.source.kind, table.origin or ingested.name, table.options.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _plainly_mapped(table: SourceTable) -> dict[str, str]:
    """Columns here that are read from another column of the source, by its name there."""
    return {name: rule.other_name for name, rule in table.columns.items() if rule.other_name}


def _names(asked: Asked, *schemas: Schema) -> dict[str, str]:
    """What columns of the source are called here, where that is another name or another spelling."""
    names: dict[str, str] = {}
    here = {there.lower(): name for name, there in _plainly_mapped(asked.table).items()}
    for column in (each for schema in schemas for each in schema):
        kept = asked.current.schema.find(column.name) if asked.current else None
        spelled = here.get(column.name.lower()) or (kept.name if kept else column.name)
        if spelled != column.name:
            names[column.name] = spelled
    return names


def _comparison(asked: Asked, expected: Schema, source: Schema, names: Mapping[str, str]) -> Comparison:
    table = asked.table
    gone = {name.lower() for name, rule in table.columns.items() if rule.gone}
    decided = _decided(asked, source)
    speaking = {name.lower() for name in decided}
    return Comparison(
        table=asked.name,
        before=Schema(
            tuple(c for c in _read(table, expected, speaking) if c.name.lower() not in gone or source.find(c.name)),
            expected.keys,
        ),
        now=Schema(tuple(_read(table, source, set())), source.keys),
        policies=table.drift,
        key=table.key,
        decided=decided,
        cast=frozenset(_fixed(table, source)),
        names=names,
        declared=frozenset(name.lower() for name in table.columns),
    )


def _decided(asked: Asked, source: Schema) -> dict[str, str]:
    """The source's columns that go on under another name, as the project has said since the last load."""
    last = asked.last or Shape("", Schema(()))
    rules = asked.table.columns.items()
    decided = {rule.was: name for name, rule in rules if rule.was and last.was.get(name) != rule.was}
    before = {here: there for there, here in last.names.items()}
    for here, there in _plainly_mapped(asked.table).items():
        old = before.get(here, here)
        if source.find(there) and old.lower() != there.lower():
            decided[old] = there
    return decided


def _read(table: SourceTable, source: Schema, also: set[str]) -> list[Column]:
    """The columns that somebody here reads, or that must not be read: what happens to others is no news."""
    needed = {need.lower() for each in mapping.sourced(table, source) for need in each.needs} | also
    return [c for c in source if c.name.lower() in needed or mapping.stays(table, c.name)]


def _fixed(table: SourceTable, source: Schema) -> set[str]:
    """The source's columns whose type here is the project's word: declared, or the result of an expression."""
    found = set()
    for each in mapping.sourced(table, source):
        rule = table.rule(each.name)
        if rule.type or not each.type:
            found |= {need.lower() for need in each.needs}
    return found


def _is_withheld(finding: Finding, table: SourceTable) -> bool:
    """Whether a finding is about a column that is not read, and stays where it is whatever becomes of it."""
    return table.rule(finding.column).is_withheld and finding.change not in {"dropped", "renamed"}


def _with_dependents(verdict: Verdict, asked: Asked, expected: Schema, names: Mapping[str, str]) -> Verdict:
    """Columns that an expression makes of one that is held wait with it."""
    there = {names.get(column.name, column.name): column.name for column in expected}
    held = dict(verdict.held)
    for column, finding in verdict.held.items():
        for each in mapping.sourced(asked.table, expected):
            if there.get(column, column) in each.needs and each.name not in held:
                held[each.name] = replace(finding, column=each.name)
    return replace(verdict, held=held)


def _measure(
    asked: Asked, connector: Connector, engine: Engine, names: Mapping[str, str], comparison: Comparison
) -> Measure:
    """Compares values by the table's key; where personal data may have got another name, nothing is looked at."""
    sensitive = [name for name, rule in asked.table.columns.items() if rule.is_withheld]
    if any(not comparison.now.find(name) and comparison.before.find(name) for name in sensitive):
        return _nothing
    assert asked.current is not None
    here = {names.get(column.name, column.name): column.name for column in comparison.now}
    key = {here[name]: name for name in asked.table.key if name in here and asked.current.schema.find(name)}
    is_whole = len(key) == len(asked.table.key)
    request = Request(asked.ingested.name, asked.table, (), known=asked.known)
    return Look(engine, connector, request, asked.current, key if is_whole else {}, names).measure


def _nothing(pairs: object) -> Mapping[Pair, Agreement]:
    del pairs
    return {}


def waits_as_a_whole(verdict: Verdict, asked: Asked) -> tuple[Finding, ...]:
    """The findings for which nothing of the table can be loaded: last good values are put to their rows by key."""
    current = asked.current
    keyed = current is not None and all(current.schema.find(name) for name in asked.table.key)
    kept = tuple(f for f in verdict.held.values() if f.change != "added")
    return verdict.whole or (() if keyed else kept)
