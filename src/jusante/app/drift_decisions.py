"""What somebody decides about a change at a source, as edits of the project's files and an entry in the ledger."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from jusante.app.columns import columns_of
from jusante.app.contract_edits import edit_contract
from jusante.app.data_drift import accept_data, data
from jusante.app.drift import Drift, Found, drift, held
from jusante.app.edits import Draft, FileEdit, rename_everywhere
from jusante.app.system import System
from jusante.core.asset import Ingested
from jusante.core.drift import Finding
from jusante.core.event import Event
from jusante.core.exposure import Exposure
from jusante.core.names import nearest
from jusante.core.schema import named_type
from jusante.engineering.project.rewriting import Text, put_rule
from jusante.errors import UsageError
from jusante.ingestion.keeping import speaks_of


@dataclass(frozen=True, slots=True)
class Decision:
    """What a decision does: the edits of files to be `shown`, and what a person has to do by hand.

    `measured` are tables or columns whose data are taken as they are now: that is an entry of the ledger, and no edit.
    """

    found: tuple[Found, ...]
    draft: Draft
    word: str
    shown: tuple[FileEdit, ...]
    measured: tuple[str, ...] = ()

    @property
    def manual(self) -> tuple[tuple[str, str], ...]:
        """What a person has to do: where, and what."""
        return tuple(dict.fromkeys(self.draft.manual))

    def make(self, system: System, now: dt.datetime) -> None:
        """Write the files, and tell the ledger."""
        files = [edit.file for edit in self.shown]
        self.draft.write()
        for name in self.measured:
            accept_data(system, name, now)
        system.metadata.tell([self._event(each.finding, files, now) for each in self.found])

    def _event(self, finding: Finding, files: list[str], now: dt.datetime) -> Event:
        return Event(f"drift.{self.word}", now, None, finding.table, {"finding": asdict(finding), "files": files})


def accept(system: System, names: tuple[str, ...]) -> Decision:
    """The source is right: the project follows it. Raises UsageError where nothing is to be decided about a column."""
    draft = Draft(system.project.folder)
    waiting = Waiting(system)
    found: list[Found] = []
    measured = tuple(name for name in names if _is_of_data(system, name))
    for name in names:
        if name not in measured:
            found += [each for each in _about(waiting, name) if each not in found]
    renamed: dict[str, dict[str, str]] = {}
    for each in found:
        if each.finding.change == "renamed":
            renamed.setdefault(each.finding.table, {})[each.finding.column] = str(each.finding.to)
    for table, new in renamed.items():
        rename_everywhere(draft, system.graph, columns_of(system), table, new)
    for each in found:
        edit_contract(system, draft, each.finding)
        _follow(system, draft, each, renamed.get(each.finding.table, {}))
    return Decision(tuple(found), draft, "accepted", draft.edits, measured)


def _is_of_data(system: System, name: str) -> bool:
    """Whether what was found of a table or column is in its data."""
    table, column = (name, "") if name in system.graph else (name.rpartition(".")[0], name.rpartition(".")[2])
    return any(column in {"", finding.column} for finding in (data(system, table) if table in system.graph else ()))


def _follow(system: System, draft: Draft, found: Found, renamed: Mapping[str, str]) -> None:
    """The edits for one finding, after all renames."""
    finding = found.finding
    column = renamed.get(finding.column, finding.column)
    match finding.change:
        case "dropped":
            _rule(system, draft, finding.table, column, gone="true")
            _without(system, draft, found)
            _checks(system, draft, finding, "is gone")
        case "retyped":
            _rule(system, draft, finding.table, column, type=_type(finding))
            _checks(system, draft, finding, f"is {finding.after} now")
        case "added":
            _rule(system, draft, finding.table, column)
        case "key":
            place = system.graph[finding.table].place
            draft.manual.append((str(place), f"{finding.after}: write what tells rows apart now, as `key: […]`"))


def map_to(system: System, name: str, origin: str) -> Decision:
    """The column keeps its name and meaning here, and is read from another column, or an expression."""
    table, column, found = _column(Waiting(system), name)
    if not origin.strip():
        raise UsageError(
            f"from what is {name} to be read?", fix=f"jusante drift map {name} another_column, or a SQL expression"
        )
    draft = Draft(system.project.folder)
    _rule(system, draft, table, column, **{"from": origin})
    return Decision(found, draft, "mapped", draft.edits)


def reject(system: System, name: str, reason: str, now: dt.datetime) -> tuple[Found, ...]:
    """The source is to take it back: recorded with the reason; what needs the column waits on."""
    found = _about(Waiting(system), name)
    system.metadata.tell(
        [
            Event("drift.rejected", now, None, each.finding.table, {"finding": asdict(each.finding), "reason": reason})
            for each in found
        ]
    )
    return found


class Waiting:
    """What waits about tables: as their sources are now; where they cannot be asked, as the last load found it."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._known = held(system)
        self._asked: dict[str, Drift] = {}

    def about(self, table: str) -> tuple[Found, ...]:
        """The findings about a table that somebody has to decide about."""
        definition = self.system.graph[table].definition
        assert isinstance(definition, Ingested)
        source = definition.source.source
        if source not in self._asked:
            self._asked[source] = drift(self.system, source)
        live = self._asked[source]
        found = self._known if any(name == table for name, _ in live.unasked) else live.waiting
        return tuple(each for each in found if each.finding.table == table)


def _about(waiting: Waiting, name: str) -> tuple[Found, ...]:
    """The findings about a column that wait; where two have exchanged their names, about both."""
    table, column, found = _column(waiting, name)
    if not found:
        raise UsageError(f"nothing is to be decided about {name}", fix="jusante drift shows what changed")
    known = waiting.about(table)
    partners = {each.finding.column for each in known if (each.finding.to or "").lower() == column.lower()}
    return (*found, *(each for each in known if each.finding.column in partners and each not in found))


def _column(waiting: Waiting, name: str) -> tuple[str, str, tuple[Found, ...]]:
    """The table and the column that a name means, and what waits about it. Raises UsageError with the nearest."""
    table = _table(waiting.system, name)
    column = name[len(table) + 1 :]
    findings = waiting.about(table)
    found = tuple(each for each in findings if each.finding.column.lower() == column.lower())
    if found:
        return table, found[0].finding.column, found
    known = waiting.system.tables().get(table)
    there = {each.finding.column for each in findings} | set(known.schema.names if known else ())
    spelled = next((each for each in there if each.lower() == column.lower()), None)
    if spelled is None:
        near = nearest(column, there)
        fix = f"did you mean {table}.{near}?" if near else "jusante drift shows what changed"
        raise UsageError(f"{table} has no column {column or '(none named)'}", fix=fix)
    return table, spelled, ()


def _table(system: System, name: str) -> str:
    ingested = [asset.id for asset in system.graph if isinstance(asset.definition, Ingested)]
    found = max((each for each in ingested if name == each or name.startswith(f"{each}.")), key=len, default=None)
    if found is None:
        near = nearest(name.rpartition(".")[0], ingested)
        rest = name.rpartition(".")[2]
        fix = f"did you mean {near}.{rest}?" if near else f"there are {', '.join(ingested)}"
        raise UsageError(f"{name} is no column of a table that is brought in", fix=fix)
    return found


def _rule(system: System, draft: Draft, table: str, column: str, **settings: str) -> None:
    asset = system.graph[table]
    assert isinstance(asset.definition, Ingested)
    file = asset.place.file
    draft.texts[file] = put_rule(draft.text(file), ("tables", asset.definition.name), column, settings)


def _type(finding: Finding) -> str:
    """The type to follow, as a project file names it."""
    try:
        return named_type(finding.after)
    except ValueError:
        return "string"


def _without(system: System, draft: Draft, found: Found) -> None:
    """What no longer comes cannot be read: exposures are edited, queries and code are pointed at."""
    table, column = found.finding.table, found.finding.column
    for touched in found.blast:
        if touched.id not in system.graph:
            continue
        asset = system.graph[touched.id]
        if isinstance(asset.definition, Exposure) and table in asset.definition.reads:
            _leave_out(draft, asset.place.file, table, column)
        elif table in asset.inputs:
            line = _line(draft.text(asset.place.file), column)
            where = f"{asset.place.file}:{line}" if line else str(asset.place)
            draft.manual.append((where, f"{asset.id} reads {column}, which is gone: write it without"))


def _checks(system: System, draft: Draft, finding: Finding, what: str) -> None:
    """The table's own checks on a column that is no longer what it was."""
    asset = system.graph[finding.table]
    for check in asset.checks:
        if speaks_of(check, finding.column):
            draft.manual.append(
                (
                    str(asset.place),
                    f"see whether the check {check.name or check.kind} still holds: {finding.column} {what}",
                )
            )


def _leave_out(draft: Draft, file: str, table: str, column: str) -> None:
    text = Text(draft.text(file))
    for path, value in list(text.scalars(("reads", table))):
        if value.lower() == column.lower():
            text.remove_item(path)
    draft.texts[file] = text.text


def _line(text: str, word: str) -> int:
    lines: Iterable[tuple[int, str]] = enumerate(text.lower().splitlines(), start=1)
    return next((number for number, line in lines if word.lower() in line), 0)
