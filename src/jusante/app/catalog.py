"""The catalogue of a project: searched, and shown page by page."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jusante.core.catalog import Hit
from jusante.core.names import nearest
from jusante.engineering.fingerprint import fingerprint
from jusante.engineering.state import DEFAULT_ENVIRONMENT, state_folder
from jusante.errors import UsageError

if TYPE_CHECKING:
    from jusante.app.system import System
    from jusante.core.asset import Asset
    from jusante.core.glossary import Entry

MOST = 100
"""How many candidates are ranked, at the most."""


def search(
    folder: Path, environment: str | None, question: str, limit: int, heard: Callable[[], None] = lambda: None
) -> tuple[Hit, ...]:
    """What a question finds, the best first. The project is read only where the index is older than its files.

    `heard` is called where the index is made anew. Raises UsageError for a question without words, ProjectProblems.
    """
    from jusante.management.catalog.ranking import ranked, words_of
    from jusante.storage.sqlite_search import SqliteSearch

    words = words_of(question)
    if not words:
        raise UsageError("there is no word in the question", fix="jusante catalog search revenue")
    folder = folder.resolve()
    state = state_folder(folder, environment or DEFAULT_ENVIRONMENT)
    with closing(SqliteSearch(state / "search.db")) as index:
        now = fingerprint(folder, state / "catalog.db", state / "catalog.db-wal")
        if index.version() != now:
            heard()
            entries = _entries(folder, environment)
            index.replace(fingerprint(folder, state / "catalog.db", state / "catalog.db-wal"), entries)
        return ranked(question, index.candidates(words, MOST), limit)


def _entries(folder: Path, environment: str | None) -> list[Any]:
    from jusante.app.lake import Lake
    from jusante.management.catalog.entries import catalog_entries

    with Lake.open(folder, environment) as lake:
        return list(catalog_entries(lake.project.graph, lake.project.glossary, lake.columns.columns))


# -- one page ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column of a page. `notes` are its terms, how secret it is, what it was declared."""

    name: str
    type: str
    about: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """All that is known of an asset or a term. `facts` are its other fields, in order; empty ones are left out."""

    id: str
    kind: str
    about: str
    where: str
    facts: Mapping[str, str]
    columns: tuple[ShownColumn, ...] = ()
    checks: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The page as `--json` prints it."""
        columns = [{"name": c.name, "type": c.type, "about": c.about, "notes": list(c.notes)} for c in self.columns]
        return {
            "id": self.id,
            "kind": self.kind,
            "about": self.about,
            "where": self.where,
            **self.facts,
            "columns": columns,
            "checks": list(self.checks),
            "above": list(self.above),
            "below": list(self.below),
            "meanings": dict(self.meanings),
        }


def page_of(system: "System", name: str, now: dt.datetime) -> Page:
    """The page of an asset or term. Raises UsageError with the nearest name."""
    graph, glossary = system.graph, system.project.glossary
    asset = next((each for each in graph if name.lower() in {each.id.lower(), each.id.partition(":")[2].lower()}), None)
    if asset:
        return _asset_page(system, asset, now)
    entry = glossary.find(name.removeprefix("term:"))
    if entry:
        return _term_page(system, entry)
    known = [*graph.ids, *(word for each in glossary for word in each.words)]
    last = [each for each in graph.ids if each.rpartition(".")[2].lower() == name.lower()]
    near = last[0] if last else nearest(name, known)
    fix = f"did you mean {near}?" if near else f"jusante catalog search {name}"
    raise UsageError(f"the catalogue has no {name}", fix=fix)


def _asset_page(system: "System", asset: "Asset", now: dt.datetime) -> Page:
    from jusante.management.quality.words import title

    terms = [entry.name for entry in system.project.glossary if _names(entry, asset.id)]
    facts = {
        "owner": asset.owner or "nobody",
        "steward": asset.steward or "",
        "classification": asset.classification or "",
        "tags": ", ".join(asset.tags),
        "terms": ", ".join(terms),
        "grain": ", ".join(asset.grain),
        "fresh": _freshness(system, asset, now),
    }
    return Page(
        asset.id,
        asset.kind,
        asset.about,
        str(asset.place),
        {name: value for name, value in facts.items() if value},
        tuple(_columns(system, asset)),
        tuple(title(check) for check in asset.checks),
        asset.inputs,
        system.graph.readers[asset.id],
    )


def _names(entry: "Entry", asset: str) -> bool:
    prefix = f"{asset.removeprefix('dashboard:')}.".lower()
    named = entry.term.metrics if asset.startswith("dashboard:") else entry.term.columns
    return any(name.removeprefix("dashboard:").lower().startswith(prefix) for name in named)


def _columns(system: "System", asset: "Asset") -> Iterator[ShownColumn]:
    from jusante.app.columns import columns_of
    from jusante.core.asset import Ingested

    table = system.tables().get(asset.id)
    definition = asset.definition
    rules = definition.table.columns if isinstance(definition, Ingested) else {}
    declared = {name.lower(): rule for name, rule in rules.items()}
    said = {name.lower(): about for name, about in asset.about_columns.items()}
    contract = system.project.contracts.get(definition.source.source) if isinstance(definition, Ingested) else None
    promised = contract.table(definition.name) if contract and isinstance(definition, Ingested) else None
    for name in columns_of(system).columns(asset.id):
        known = table.schema.find(name) if table else None
        agreed = promised.column(name) if promised else None
        rule = declared.get(name.lower())
        terms = [entry.name for entry in system.project.glossary.of(f"{asset.id}.{name}")]
        notes = [*terms, *((rule.sensitive,) if rule and rule.sensitive else ())]
        notes += [agreed.classification] if agreed and agreed.classification else []
        about = said.get(name.lower()) or (agreed.description if agreed else None) or (known.about if known else "")
        kind = known.type if known else (agreed.type or "") if agreed else ""
        yield ShownColumn(name, kind, about, tuple(notes))
    for name, rule in rules.items():
        if rule.sensitive and not rule.purpose:
            yield ShownColumn(name, "", rule.about or "", (rule.sensitive, "stays at the source"))


def _freshness(system: "System", asset: "Asset", now: dt.datetime) -> str:
    """When it was last made, and whether that went well."""
    if not system.settings.state.is_dir() or not asset.is_made:
        return ""
    state = system.metadata.states().get(asset.id)
    task = system.metadata.last_tasks().get(asset.id)
    if state is None:
        return f"never made, the last try {task.status}" if task else "never made"
    rows = f", {table.plan.rows:,} rows" if (table := system.tables().get(asset.id)) else ""
    trouble = f"; the last try {task.status}" if task and task.status != "succeeded" else ""
    return f"made {_ago(now - state.at)} ago, {state.at:%Y-%m-%d %H:%M} UTC{rows}{trouble}"


def _ago(age: dt.timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _term_page(system: "System", entry: "Entry") -> Page:
    from jusante.app.glossary import meaning_of_term

    term = entry.term
    facts = {
        "owner": term.owner or "nobody",
        "steward": term.steward or "",
        "synonyms": ", ".join(term.synonyms),
        "classification": term.classification or "",
        "tags": ", ".join(term.tags),
        "related": ", ".join(term.related),
    }
    meanings = meaning_of_term(system, entry)
    named = (*term.columns, *term.metrics)
    told = {name: meanings.get(name, "") for name in named}
    differs = {name: f"{told[name]}; differs: {why}" for name, why in term.differs.items() if name in told}
    return Page(
        entry.name,
        "term",
        term.definition,
        str(entry.place),
        {name: value for name, value in facts.items() if value},
        meanings={**told, **differs},
    )
