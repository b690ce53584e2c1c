"""The edits that a new name of a column asks of a project's files: each shown before it is made."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jusante.core.asset import Asset, BuiltDashboard, Ingested
from jusante.core.column_graph import ColumnGraph
from jusante.core.exposure import Exposure
from jusante.core.graph import Graph
from jusante.core.model import PythonModel, ShellStep, SqlModel
from jusante.engineering.project.rewriting import Text, put_rule, rename_column
from jusante.transformation.renaming import Edit, Rewritten, applied, rename

_HEADER = re.compile(r"/\*\s*jusante[^\n]*\n(.*?)\*/", re.DOTALL)
_NO_NAMES_IN_CHARTS = {"sql", "title", "chart", "format", "width", "about", "rows"}


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One file, as it is and as it would be; paths are relative to the project."""

    file: str
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The change as a unified diff."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), self.file, self.file, lineterm="", n=1
        )
        return "\n".join(lines)


@dataclass(slots=True)
class Draft:
    """The files of a project while they are edited, and what a person has to do (file:line, and what)."""

    folder: Path
    texts: dict[str, str] = field(default_factory=dict)
    manual: list[tuple[str, str]] = field(default_factory=list)

    def text(self, file: str) -> str:
        """A file as edited so far."""
        if file not in self.texts:
            self.texts[file] = self._read(file)
        return self.texts[file]

    @property
    def edits(self) -> tuple[FileEdit, ...]:
        """The files that are others now."""
        pairs = ((file, self._read(file), after) for file, after in self.texts.items())
        return tuple(FileEdit(file, before, after) for file, before, after in pairs if before != after)

    def write(self) -> None:
        """Make the edits: each file is replaced in one step."""
        for edit in self.edits:
            path = self.folder / edit.file
            draft = path.with_name(path.name + ".draft")
            draft.write_bytes(edit.after.encode())
            draft.replace(path)

    def _read(self, file: str) -> str:
        return (self.folder / file).read_bytes().decode("utf-8")


def rename_everywhere(draft: Draft, graph: Graph, columns: ColumnGraph, table: str, names: Mapping[str, str]) -> None:
    """Columns of an ingested table bear new names: in its source file, and in whatever reads them."""
    asset = graph[table]
    assert isinstance(asset.definition, Ingested)
    file, place = asset.place.file, ("tables", asset.definition.name)
    temporary = {old: f"__{number}__" for number, old in enumerate(names)}  # names may be exchanged with each other
    text = draft.text(file)
    for old, between in temporary.items():
        text = rename_column(text, place, old, between)
    for old, between in temporary.items():
        text = rename_column(text, place, between, names[old])
        text = put_rule(text, place, names[old], {"was": old})
    draft.texts[file] = text
    waiting: list[tuple[str, Mapping[str, str]]] = [(table, names)]
    while waiting:
        changed, its = waiting.pop(0)
        readers = [graph[name] for name in graph.order if changed in graph[name].inputs]
        given = [(reader.id, _rename_in(draft, reader, columns, changed, its)) for reader in readers]
        waiting += [(name, gives) for name, gives in given if gives]


def _rename_in(
    draft: Draft, asset: Asset, columns: ColumnGraph, table: str, names: Mapping[str, str]
) -> Mapping[str, str]:
    """Edit one reader of a table; the columns that it gives under another name itself."""
    match asset.definition:
        case SqlModel():
            return _model(draft, asset, columns, table, names)
        case BuiltDashboard():
            _dashboard(draft, asset, columns, table, names)
        case Exposure():
            _exposure(draft, asset.place.file, table, names)
        case Ingested():
            _related(draft, asset.place.file, table, names)
        case PythonModel() | ShellStep():
            _look_at(draft, asset, names)
    return {}


def _model(draft: Draft, asset: Asset, columns: ColumnGraph, table: str, names: Mapping[str, str]) -> Mapping[str, str]:
    file = asset.place.file
    found = _renamed(draft, asset, draft.text(file), columns, table, names)
    draft.texts[file] = applied(draft.text(file), found.edits)
    header = _HEADER.search(draft.text(file))
    if header:
        text = header[1]
        for old, new in found.gives.items():
            text = rename_column(text, (), old, new)
        text = _relations(text, table, names)
        draft.texts[file] = draft.text(file)[: header.start(1)] + text + draft.text(file)[header.end(1) :]
    return found.gives


def _renamed(  # where, what, and what is known of columns
    draft: Draft, asset: Asset, sql: str, columns: ColumnGraph, table: str, names: Mapping[str, str]
) -> Rewritten:
    def columns_of(name: str) -> tuple[str, ...] | None:
        return columns.columns(name) or None

    found = rename(sql, table, names, columns_of)
    draft.manual += [(str(asset.place), reason) for reason in found.unsure]
    return found


def _dashboard(draft: Draft, asset: Asset, columns: ColumnGraph, table: str, names: Mapping[str, str]) -> None:
    file = asset.place.file
    text = Text(draft.text(file))
    for path, sql in list(text.scalars(("rows",))):
        if path[-1] != "sql":
            continue
        found = _renamed(draft, asset, sql, columns, table, names)
        start, end = text.region(path)
        raw = _in_raw(text.text[start:end], sql, found.edits)
        if raw is None:
            draft.manual.append((str(asset.place), f"a chart's query names {', '.join(names)}"))
            continue
        text.text = text.text[:start] + raw + text.text[end:]
        for old, new in found.gives.items():
            _chart(text, path[:-1], old, new)
    draft.texts[file] = text.text


def _chart(text: Text, chart: tuple[str | int, ...], old: str, new: str) -> None:
    for path, value in list(text.scalars(chart)):
        if value.lower() == old and not {str(step) for step in path[len(chart) :]} & _NO_NAMES_IN_CHARTS:
            text.set(path, new)


def _in_raw(raw: str, sql: str, edits: Iterable[Edit]) -> str | None:
    """The edits of a query made in its text as it stands in YAML, folded and indented; None where it does not fit."""
    moved = []
    for edit in edits:
        word = re.compile(rf"(?<!\w){re.escape(sql[edit.start : edit.end])}(?!\w)")
        there = list(word.finditer(raw))
        if len(there) != len(word.findall(sql)):
            return None
        found = there[len(list(word.finditer(sql, 0, edit.start)))]
        moved.append(Edit(found.start(), found.end(), edit.text))
    return applied(raw, moved)


def _exposure(draft: Draft, file: str, table: str, names: Mapping[str, str]) -> None:
    text = Text(draft.text(file))
    for path, value in list(text.scalars(("reads", table))):
        if value.lower() in {old.lower() for old in names}:
            text.set(path, next(new for old, new in names.items() if old.lower() == value.lower()))
    draft.texts[file] = text.text


def _related(draft: Draft, file: str, table: str, names: Mapping[str, str]) -> None:
    draft.texts[file] = _relations(draft.text(file), table, names)


def _relations(yaml_text: str, table: str, names: Mapping[str, str]) -> str:
    """Checks that look for values in a renamed column: `to: table.column`."""
    text = Text(yaml_text)
    for path, value in list(text.scalars(())):
        for old, new in names.items():
            if value.lower() == f"{table}.{old}".lower():
                text.set(path, f"{table}.{new}")
    return text.text


def _look_at(draft: Draft, asset: Asset, names: Mapping[str, str]) -> None:
    """Code is not rewritten: each line that speaks of the column is pointed at."""
    file = asset.place.file
    for old, new in names.items():
        for number, line in enumerate(draft.text(file).splitlines(), start=1):
            if re.search(rf"\b{re.escape(old)}\b", line, re.IGNORECASE):
                draft.manual.append((f"{file}:{number}", f"{old} may be the column that is called {new} now"))
