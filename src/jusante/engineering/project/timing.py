"""What is wrong with the times of an asset: its schedule, conditions, targets, retries."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath, PureWindowsPath

from jusante.core import deadline, duration
from jusante.core.asset import Asset, Ingested
from jusante.core.cron import BadSchedule, Cron
from jusante.core.environment import Environment
from jusante.core.graph import Graph
from jusante.core.model import PythonModel, ShellStep
from jusante.core.names import nearest
from jusante.core.place import Place
from jusante.core.trigger import Condition, Timing
from jusante.engineering.project.documents import Document, Path
from jusante.engineering.project.problems import Findings

SHORTEST = dt.timedelta(seconds=1)
LONGEST = dt.timedelta(days=366)
SIZES = {"rows", "bytes"}
KINDS = "rows, bytes, new, file, sql, webhook, asset, message"


def check_timing(timing: Timing, document: Document, path: Path, findings: Findings, cursor: str | None = "") -> None:
    """Tell what cannot be meant. `cursor` is the column that tells what is new at a source; None: it has none, empty: it is
    no table of a source.
    """
    for key, read, code in (("schedule", Cron.parse, "J131"), ("deadline", deadline.parse, "J133")):
        _check_times(getattr(timing, key), read, code, document, (*path, key), findings)
    for where, text in _durations(timing):
        try:
            long = duration.parse(text)
        except ValueError as error:
            findings.add("J135", str(error), document.place((*path, *where)))
            continue
        if not SHORTEST <= long <= LONGEST:
            findings.add("J135", f"{text} is not between 1s and 366d", document.place((*path, *where)))
    for number, condition in enumerate(timing.when):
        _check_condition(condition, document, (*path, "when", number), findings, cursor)
    _check_together(timing, document, path, findings)


def _check_times(  # what, how, and where to tell it
    text: str | None, read: Callable[[str], Cron], code: str, document: Document, path: Path, findings: Findings
) -> None:
    if text is None:
        return
    try:
        read(text)
    except BadSchedule as error:
        findings.add("J132" if error.kind == "zone" else code, error.what, document.place(path), error.fix)


def _durations(timing: Timing) -> Iterator[tuple[Path, str]]:
    for key in ("every", "fresh", "timeout"):
        if text := getattr(timing, key):
            yield (key,), text
    if timing.retries:
        yield ("retries", "wait"), timing.retries.wait
        yield ("retries", "longest"), timing.retries.longest
    for number, condition in enumerate(timing.when):
        yield ("when", number, "look"), condition.look


def _check_condition(
    condition: Condition, document: Document, path: Path, findings: Findings, cursor: str | None
) -> None:
    place = document.place(path)
    kind = condition.kind
    if not kind:
        findings.add("J134", "a condition is one thing that has to be the case", place, f"one of {KINDS}")
        return
    if kind == "bytes":
        _check_size(condition, place, findings)
    if kind == "file":
        _check_files(str(condition.file), place, findings)
    if (kind in SIZES and cursor is None) or (kind == "new" and not cursor):
        what = f"{kind}: nothing tells what is new at the source"
        findings.add("J134", what, place, "it stands in `ingest` of a table with `mode: incremental` and a cursor")


def _check_size(condition: Condition, place: Place, findings: Findings) -> None:
    try:
        if condition.least < 1:
            findings.add("J134", f"{condition} is always there", place, "bytes: 500MB")
    except ValueError as error:
        findings.add("J134", str(error), place, "bytes: 1GiB")


def _check_files(pattern: str, place: Place, findings: Findings) -> None:
    """Tell of a pattern that finds no files of the project."""
    parts = PurePosixPath(pattern.replace("\\", "/")).parts
    inside = "write it relative to the project's folder: inbox/*.csv"
    if not parts:
        findings.add("J134", "file: names no files", place, inside)
    elif parts[0] == "/" or PureWindowsPath(pattern).drive or ".." in parts:
        fix = f"{inside}; what lies elsewhere can be linked there: ln -s /data/inbox inbox"
        findings.add("J134", f"file: {pattern} leads out of the project", place, fix)
    elif any("**" in part and part != "**" for part in parts):
        findings.add("J134", f"file: {pattern} is no pattern: ** is a whole part of a path", place, "inbox/**/*.csv")


def _check_together(timing: Timing, document: Document, path: Path, findings: Findings) -> None:
    if timing.schedule and timing.every:
        what = "schedule and every both say when"
        findings.add("J136", what, document.place((*path, "every")), "keep one of the two")
    if timing.fresh and timing.has_clock:
        what = "fresh says how old it may be, and a clock says when it is made"
        findings.add("J136", what, document.place((*path, "fresh")), "keep one of the two")
    if "catch_up" in timing.model_fields_set and not timing.has_clock:
        what = "catch_up is about times, and there are none"
        findings.add("J136", what, document.place((*path, "catch_up")), "write schedule or every, or leave it out")


def check_pools(graph: Graph, environment: Environment, findings: Findings) -> None:
    """Tell of pools that are taken places of, and that have no size."""
    for asset in graph:
        if asset.timing.pool and asset.timing.pool not in environment.pools:
            _unknown_pool(asset, environment, findings)


def check_memory(graph: Graph, findings: Findings) -> None:
    """Tell of limits of memory on what is no code of the project."""
    for asset in graph:
        if asset.timing.memory and not isinstance(asset.definition, PythonModel | ShellStep):
            what = f"{asset.id} has a limit of memory, which only Python models and shell steps can have"
            findings.add("J138", what, asset.place, "queries have the engine's: engine: {memory: 2GB} in jusante.yaml")


def check_sizes(graph: Graph, findings: Findings) -> None:
    """Tell of sizes that wait for rows where none can come."""
    for asset in graph:
        sizes = [condition for condition in asset.timing.when if condition.kind in SIZES]
        if sizes and not isinstance(asset.definition, Ingested) and not graph.tables_above(asset.id):
            what = f"{asset.id} waits for {sizes[0]}, and reads no table that could grow"
            findings.add("J134", what, asset.place, "every: 1h, or another condition: file, sql, webhook")


def _unknown_pool(asset: Asset, environment: Environment, findings: Findings) -> None:
    pool = asset.timing.pool
    near = nearest(str(pool), environment.pools)
    fix = f"did you mean {near}?" if near else f"write it under the environment in jusante.yaml: pools: {{{pool}: 2}}"
    findings.add("J137", f"{asset.id} takes a place of the pool {pool}, which nobody has made", asset.place, fix)
