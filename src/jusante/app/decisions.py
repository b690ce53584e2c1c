"""What waits for a decision, whether it is personal data, and how a decision is written into a source file."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jusante.app.system import System
from jusante.core.asset import Ingested
from jusante.core.names import nearest
from jusante.core.schema import Schema
from jusante.engineering.project.edits import with_key
from jusante.errors import UsageError, storage_error
from jusante.security.sensitive import EXAMINED, LIKELY, Finding, undecided

MOST_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody says of a column: the kind of personal data it holds, or why it holds none."""

    kind: str = ""
    purpose: Sequence[str] = ()
    mask: str = ""
    not_personal: str = ""

    @property
    def keys(self) -> dict[str, str]:
        """The keys of the column's rule, each with its value as YAML writes it."""
        if self.not_personal:
            return {"not_personal": _quoted(self.not_personal)}
        written = {"sensitive": _quoted(self.kind)}
        written |= {"purpose": f"[{', '.join(map(_quoted, self.purpose))}]"} if self.purpose else {}
        return written | ({"mask": self.mask} if self.mask else {})


@dataclass(frozen=True, slots=True)
class Edit:
    """A source file before and after a decision."""

    file: str
    path: Path
    before: str
    after: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines that change, as a diff shows them."""
        lines = difflib.unified_diff(self.before.splitlines(), self.after.splitlines(), n=1, lineterm="")
        return tuple(line for line in lines if not line.startswith(("---", "+++", "@@")))

    def write(self) -> None:
        """Put it into the file, in one step."""
        draft = self.path.with_name(f".{self.path.name}.draft")
        try:
            draft.write_bytes(self.after.encode())  # line ends as they were
            draft.chmod(self.path.stat().st_mode)
            draft.replace(self.path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise storage_error(error, str(self.path)) from None


def findings(system: System) -> tuple[Finding, ...]:
    """The columns that wait for a decision. No data is touched: the ledger and the tables' columns tell."""
    tables = system.tables()
    known: dict[str, Schema] = {}
    for asset in system.graph:
        table = tables.get(asset.id) if asset.kind == "ingested" else None
        if table:
            known[asset.id] = table.schema
    events = []
    if system.settings.state.is_dir():
        events = [event for kind in (LIKELY, EXAMINED) for event in system.metadata.latest(kind, MOST_EVENTS)]
    return tuple(undecided(system.graph, known, events))


def decide(system: System, decisions: Sequence[tuple[str, Decision]]) -> tuple[Edit, ...]:
    """The edits that write decisions, by column with its table, into the source files; nothing is written yet."""
    edits: dict[Path, Edit] = {}
    for column, decision in decisions:
        table, _, name = column.rpartition(".")
        if table not in system.graph or not isinstance(system.graph[table].definition, Ingested):
            raise UsageError(f"{column} is no column of an ingested table", fix=_meant(column, system))
        asset = system.graph[table]
        definition = asset.definition
        assert isinstance(definition, Ingested)
        path = system.project.folder / asset.place.file
        text = edits[path].after if path in edits else path.read_bytes().decode("utf-8-sig")
        before = edits[path].before if path in edits else text
        edits[path] = Edit(asset.place.file, path, before, _decided(text, definition, name, decision))
    return tuple(edits.values())


def _decided(text: str, definition: Ingested, column: str, decision: Decision) -> str:
    """A column of which nothing was said gets a rule in one line; one that has a rule gets keys in it."""
    known = {name.lower(): name for name in definition.table.columns}
    path = ("tables", definition.name, "columns", known.get(column.lower(), column))
    if column.lower() not in known:
        rule = ", ".join(f"{key}: {value}" for key, value in decision.keys.items())
        return with_key(text, path, f"{{{rule}}}")
    for key, value in decision.keys.items():
        text = with_key(text, (*path, key), value)
    return text


def _meant(column: str, system: System) -> str:
    names = [asset.id for asset in system.graph if asset.kind == "ingested"]
    near = nearest(column.rpartition(".")[0] or column, names)
    return f"did you mean {near}.<column>?" if near else f"there are {', '.join(names)}"


def _quoted(word: str) -> str:
    plain = word.replace("_", "").replace("-", "").replace(" ", "")
    is_plain = (
        plain.isalnum()
        and not plain.isdigit()
        and word.lower() not in {"true", "false", "null", "yes", "no", "on", "off"}
    )
    return word if is_plain and word == word.strip() else '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
