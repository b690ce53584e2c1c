"""A project in the hands of another orchestrator: what is handed over, as code of that tool."""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from jusante.app.lake import Lake
from jusante.errors import UsageError, storage_error
from jusante.orchestration.conducting.laws import Law, laws
from jusante.orchestration.handover import airflow, dagster, mage, prefect
from jusante.orchestration.handover.handing import handed_over
from jusante.orchestration.handover.plan import Call, Granularity, Handover, Written

Tool = Literal["airflow", "dagster", "prefect", "mage"]

_WRITERS: Mapping[Tool, Callable[[Handover, Call, dt.date], Written]] = {
    "airflow": airflow.written,
    "dagster": lambda handover, call, _: dagster.written(handover, call),
    "prefect": lambda handover, call, _: prefect.written(handover, call),
    "mage": mage.written,
}


def hand_over(lake: Lake, granularity: Granularity, now: dt.datetime) -> Handover:
    """What another orchestrator is handed: the graph and its times, with durations as the ledger knows them now."""
    project = lake.project
    leads = _leads(lake, laws(project.graph), now)
    return handed_over(project.name, project.environment_name, project.graph, leads, granularity)


def write_for(tool: Tool, handover: Handover, call: Call, today: dt.date) -> Written:
    """The code that a tool needs for it, by path."""
    return _WRITERS[tool](handover, call, today)


def put(written: Written, to: Path) -> tuple[Path, ...]:
    """Write the code: one as a file that ends in `.py`, or into a folder. Raises StorageError, UsageError."""
    several = len(written.files) > 1
    if several and to.is_file():
        raise UsageError(f"{to} is a file, and there is more than one to write", fix="name a folder: --to FOLDER")
    into_folder = several or to.suffix != ".py"
    files = {(to / name if into_folder else to): text for name, text in written.files.items()}
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.draft")
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        except OSError as error:
            raise storage_error(error, str(path)) from None
    return tuple(files)


def _leads(lake: Lake, wanted: Mapping[str, Law], now: dt.datetime) -> Mapping[str, dt.timedelta]:
    """How long before its deadline the work towards each asset begins, where any of it was ever measured."""
    aimed = [law for law in wanted.values() if law.deadline and law.is_pulled]
    if not aimed or not lake.settings.state.is_dir():
        return {}
    from jusante.app.conductor import Memory
    from jusante.orchestration.conducting.decision import Situation
    from jusante.orchestration.conducting.targets import LEAST_RESERVE, lasting, lead

    traces = Memory(lake).traces
    situation, lasts = Situation(wanted, {}, now, traces), lasting(traces)
    found = {law.asset: lead(law, situation, lasts) for law in aimed}
    return {asset: ahead for asset, ahead in found.items() if ahead > LEAST_RESERVE}
