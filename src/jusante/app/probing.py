"""A look at what a condition speaks of: rows or bytes at a source or above, files, a query. Cheap, and it loads nothing."""

import hashlib
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jusante.app.system import System
from jusante.core.asset import Asset, Ingested
from jusante.core.cursor import Cursor
from jusante.core.literals import literal
from jusante.core.names import quote
from jusante.core.run import AssetState
from jusante.core.trigger import Condition
from jusante.core.words import counted
from jusante.errors import JusanteError, storage_error
from jusante.orchestration.conducting.decision import Probe
from jusante.orchestration.conducting.sizes import Amount, came_since, reached
from jusante.ports.connector import Request
from jusante.ports.table_store import Table

MOST_FILES = 100_000
MOST_TOLD_APART = 250
"""Of so many files each has its part in the mark; where there are more, one that is taken away counts as a change, too."""
_PART = 8
"""How long the part of a file in the mark is."""
HOOK_CALLED = "hook.called"

Ask = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at all the conditions of an asset found. `failed` are those that could not be looked at."""

    probe: Probe
    failed: tuple[JusanteError, ...] = ()


def look(
    system: System, asset: Asset, state: AssetState | None, ask: Ask, before: str = "", up_since: str = ""
) -> Looked:
    """What the asset's conditions find now. `before` is the mark of the probe that it was last made for.

    The mark has a part for each condition, so that one that stays the case does not hide another that comes to be. A
    condition that cannot be looked at, or has nothing to tell, keeps the part it had. What was never made, though it was tried, is
    tried again when something is other than it was then: the project, what it reads, or the process (`up_since`).
    """
    known = dict(part.split(":", 1) for part in before.split(",") if ":" in part)
    parts, why, failed = {}, "", []
    for condition in asset.timing.when:
        key = _mark(str(condition))
        try:
            if state is None and condition.kind in {"rows", "bytes", "new"}:
                found = _first(system, asset, up_since)
            else:
                found = _look(system, asset, condition, state, ask, known.get(key, ""))
        except JusanteError as error:
            failed.append(error)
            found = None
        except Exception as error:  # noqa: BLE001  # one asset's condition must not end what all others wait for
            failed.append(_unforeseen(error, asset))
            found = None
        mark = found.mark if found else known.get(key, "")
        if found and found.holds and mark != known.get(key) and not why:
            why = found.why
        if mark:
            parts[key] = mark
    return Looked(Probe(",".join(f"{key}:{mark}" for key, mark in parts.items()), bool(why), why), tuple(failed))


def _unforeseen(error: Exception, asset: Asset) -> JusanteError:
    kind = type(error).__name__
    return JusanteError(
        f"{kind}: {error}", where=str(asset.place), fix="this is a bug: please report it", unquoted=kind
    )


def _look(
    system: System, asset: Asset, condition: Condition, state: AssetState | None, ask: Ask, before: str
) -> Probe | None:
    """What one condition finds; None where there is nothing to tell. `before` is what its part of the mark was."""
    match condition.kind:
        case "file":
            return _files(system.project.folder, str(condition.file), before)
        case "sql":
            return _query(str(condition.sql), ask)
        case "webhook":
            return _called(system, str(condition.webhook))
        case "asset":
            return _made(system, str(condition.asset))
        case "message":
            return _message(system, str(condition.message))
    assert state, "what was never made is made first"
    if isinstance(asset.definition, Ingested):
        return _at_source(system, asset.id, asset.definition, condition, state)
    return _above(system, asset, condition, state)


def _first(system: System, asset: Asset, up_since: str) -> Probe | None:
    """That it has never been made; None while something is not there that it reads."""
    above = _read(system, asset)
    if above is None:
        return None
    inputs = [f"{name} {table.data_id}" for name, table in sorted(above.items())]
    why = "never loaded before" if isinstance(asset.definition, Ingested) else "never made before"
    return Probe(_mark("first", system.graph.versions[asset.id], up_since, *inputs), holds=True, why=why)


def _read(system: System, asset: Asset) -> dict[str, Table] | None:
    """The tables that it reads; None where one of them is not there."""
    tables, names = system.tables(), system.graph.tables_above(asset.id)
    found = {name: table for name in names if (table := tables.get(name))}
    return found if len(found) == len(names) else None


def _called(system: System, name: str) -> Probe | None:
    """The last call that was taken, by its number in the ledger."""
    last = system.metadata.latest(HOOK_CALLED, 1, asset=hook_id(name))
    return Probe(str(last[0].seq), holds=True, why=f"the webhook {name} was called") if last else None


def hook_id(name: str) -> str:
    """What a hook is called in the ledger."""
    return f"hook:{name}"


def _made(system: System, text: str) -> Probe | None:
    """The snapshot of another project's asset, or when it was made, where it has none. While that is not there, nothing."""
    from jusante.app.neighbours import neighbour

    state = neighbour(system, text)
    if state is None:
        return None
    return Probe(_mark(str(state.snapshot_id or state.at)), holds=True, why=f"{text} is new")


def _message(system: System, subject: str) -> Probe | None:
    from jusante.sources.broker import last_message

    broker = system.project.environment.broker
    assert broker, "the project's check asks for it"
    last = last_message(broker, subject, system.project.folder)
    return Probe(_mark(last), holds=True, why=f"a message came on {subject}") if last else None


def _files(folder: Path, pattern: str, before: str) -> Probe:
    """Whether a file is there that was not there before, as it is; told apart by name, size and time of change."""
    try:
        paths = sorted(folder.glob(pattern))[:MOST_FILES]
    except OSError as error:
        raise storage_error(error, pattern) from None
    found = sorted({_mark(line)[:_PART] for path in paths if (line := _file(path))})
    known = {before[place : place + _PART] for place in range(0, len(before), _PART)}
    mark = "".join(found) if len(found) <= MOST_TOLD_APART else _mark(*found)
    return Probe(mark or "none", holds=not known.issuperset(found), why=f"a file came: {pattern}")


def _file(path: Path) -> str:
    """A file as it is; empty for what is none, is gone meanwhile, or cannot be looked at."""
    try:
        status = path.stat()
    except OSError:
        return ""
    return f"{path} {status.st_size} {status.st_mtime_ns}" if stat.S_ISREG(status.st_mode) else ""


def _query(sql: str, ask: Ask) -> Probe:
    """Whether a query's first value is true. It fires when it becomes true, not for as long as it is."""
    table = ask(sql).table
    value = table.column(0)[0].as_py() if table.num_rows and table.num_columns else None
    return Probe(f"sql {bool(value)}", holds=bool(value), why="its condition in SQL became true")


def _at_source(system: System, name: str, ingested: Ingested, condition: Condition, state: AssetState) -> Probe:
    """How many rows at the source are after the cursor (all, where no row has come yet); their bytes are told from those that were
    loaded before.
    """
    cursor = Cursor.from_dict(dict(state.cursor)) if state.cursor else None
    column = cursor.column if cursor else str(ingested.table.ingest.cursor)
    come = f"> {literal(cursor.value)}" if cursor else "is not null"
    since = str(cursor.value) if cursor else ""
    with closing(system.connect(ingested.source.source)) as connector:
        request = Request(ingested.name, ingested.table, (column,), since=cursor)
        with system.engine.session({"source.rows": connector.read(request).relation}) as session:
            counted_rows = f"select count(*), max({quote(column)}) from source.rows where {quote(column)} {come}"
            count, last = session.rows(counted_rows)[0]
    where = "at the source"
    if condition.new:
        return Probe(_mark(since, str(last)), count >= 1, f"{counted(count, 'new row')} {where}")
    amount = Amount(count)
    if condition.bytes is not None and (table := system.tables().get(name)):
        amount = Amount(table.plan.rows, table.plan.bytes).of(count)
    return _hidden(reached(condition, amount, where, since))


def _above(system: System, asset: Asset, condition: Condition, state: AssetState) -> Probe | None:
    """How much came to the tables that it reads since it was made; None while one of them is not there."""
    read = _read(system, asset)
    if read is None:
        return None
    amount = Amount()
    for name, table in read.items():
        if state.inputs.get(name) != table.data_id:
            amount += came_since(system.store.history(name), state.inputs.get(name))
    since = " ".join(f"{name} {state.inputs.get(name)}" for name in sorted(read))
    return _hidden(reached(condition, amount, "above", since))


def _hidden(probe: Probe) -> Probe:
    """The same, with a mark that holds no value of a source."""
    return replace(probe, mark=_mark(probe.mark))


def _mark(*parts: str) -> str:
    """A text that is another when the parts are, and from which nobody can tell them."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
