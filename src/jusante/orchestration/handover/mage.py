"""The graph as pipelines for Mage: a block for each work, triggers by time, and blocks that start the pipelines below."""

import datetime as dt
from typing import Any

from jusante.orchestration.handover import crons, names
from jusante.orchestration.handover.plan import Call, Flow, Handover, Note, Work, Written
from jusante.orchestration.handover.writing import call, comment, docstring, head, indented, literal

_HOW = (
    "Put the folders into a project of Mage. The triggers are inactive until somebody switches them on. In each pipeline one "
    "block works at a time, as one run holds the project at a time; a block of another pipeline waits for it."
)

_BLOCK = """\
import subprocess

if "custom" not in globals():
    from mage_ai.data_preparation.decorators import custom


@custom
def make(*inputs, **settings):
{call}
"""

_CALLING = """\
if "custom" not in globals():
    from mage_ai.data_preparation.decorators import custom


@custom
def start(*inputs, **settings):
    from mage_ai.orchestration.triggers.api import trigger_pipeline

    trigger_pipeline({pipeline})
"""


def written(handover: Handover, call_of: Call, begin: dt.date) -> Written:
    """The folders `pipelines/` and `custom/`. `begin` is the day from which on the triggers count."""
    notes = (*handover.notes, *_notes(handover))
    about = comment(head(handover, "Mage", notes, _HOW))
    files: dict[str, str] = {}
    for flow in handover.flows:
        uuid = pipeline(handover, flow)
        files[f"pipelines/{uuid}/__init__.py"] = ""
        files[f"pipelines/{uuid}/metadata.yaml"] = f"{about}\n{_dumped(_pipeline(flow, handover, call_of))}"
        if flow.start.clock:
            files[f"pipelines/{uuid}/triggers.yaml"] = _dumped({"triggers": [_trigger(flow, handover, begin)]})
        for work in flow.works:
            files[f"custom/{block(handover, work)}.py"] = _block(work, call_of)
    for below in handover.flows:
        if below.called_by:
            code = _CALLING.format(pipeline=literal(pipeline(handover, below)))
            files[f"custom/{_caller(handover, below)}.py"] = f"{_one_line('Starts what reads this.')}\n\n{code}"
    return Written(files, notes)


def pipeline(handover: Handover, flow: Flow) -> str:
    """What Mage calls a flow."""
    return f"{names.identifier(handover.project)}__{names.identifier(flow.name)}"


def block(handover: Handover, work: Work) -> str:
    """What Mage calls a work: blocks of all projects lie in one folder."""
    return f"{names.identifier(handover.project)}__{names.identifier(work.name)}"


def _caller(handover: Handover, below: Flow) -> str:
    return f"{names.identifier(handover.project)}__start____{names.identifier(below.name)}"


def _one_line(text: str) -> str:
    return docstring(" ".join(text.split())).replace('\n"""', '"""')


def _block(work: Work, call_of: Call) -> str:
    made = _one_line(f"{', '.join(work.assets[:5])}, made by jusante.")
    run = call("subprocess.run", list(call_of.arguments(work.assets)), check=True)
    return f"{made}\n\n{_BLOCK.format(call=indented(run))}"


def _pipeline(flow: Flow, handover: Handover, call_of: Call) -> dict[str, Any]:
    blocks = [_told(work, flow, handover, call_of) for work in flow.works]
    blocks += _callers(flow, handover)
    below: dict[str, list[str]] = {each["uuid"]: [] for each in blocks}
    for each in blocks:
        for above in each["upstream_blocks"]:
            below[above].append(each["uuid"])
    for each in blocks:
        each["downstream_blocks"] = below[each["uuid"]]
    return {
        "uuid": pipeline(handover, flow),
        "name": pipeline(handover, flow),
        "description": f"{handover.project}: {flow.start}",
        "type": "python",
        "tags": ["jusante"],
        "concurrency_config": {"block_run_limit": 1, "pipeline_run_limit": 1, "on_pipeline_run_limit_reached": "wait"},
        "blocks": blocks,
    }


def _told(work: Work, flow: Flow, handover: Handover, call_of: Call) -> dict[str, Any]:
    named = {other.name: block(handover, other) for other in flow.works}
    waits = work.waits_seconds
    retries = {"retries": len(waits), "delay": waits[0], "max_delay": sum(waits) + 1, "exponential_backoff": True}
    seconds = work.longest_seconds(call_of)
    return {
        "uuid": named[work.name],
        "name": named[work.name],
        "type": "custom",
        "language": "python",
        "upstream_blocks": [named[name] for name in work.after],
        **({"retry_config": retries} if waits else {}),
        **({"timeout": seconds} if seconds else {}),
    }


def _callers(flow: Flow, handover: Handover) -> list[dict[str, Any]]:
    """Blocks that start pipelines which read what this one makes, after all that those read is made."""
    found = []
    for below in handover.flows:
        read = [block(handover, work) for work in flow.works if set(work.assets) & set(below.called_by)]
        if read and below != flow:
            uuid = _caller(handover, below)
            settled = {"name": uuid, "type": "custom", "language": "python", "upstream_blocks": sorted(read)}
            found.append({"uuid": uuid, **settled})
    return found


def _trigger(flow: Flow, handover: Handover, begin: dt.date) -> dict[str, Any]:
    assert flow.start.clock
    return {
        "name": flow.name,
        "pipeline_uuid": pipeline(handover, flow),
        "schedule_type": "time",
        "schedule_interval": crons.nearly(flow.start.clock).expression,
        "start_time": dt.datetime(begin.year, begin.month, begin.day, tzinfo=dt.UTC),
        "status": "inactive",
        "settings": {"skip_if_previous_running": True},
    }


def _dumped(values: dict[str, Any]) -> str:
    import yaml

    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120)
    return text


def _notes(handover: Handover) -> tuple[Note, ...]:
    works = [work for _, work in handover.works]
    found = [note for flow in handover.flows for note in _notes_of_times(flow)]
    if called := tuple(name for flow in handover.flows for name in flow.called_by):
        found.append(
            Note("pipelines that read it start once everything that they read of its pipeline is made", called)
        )
    if works:
        found.append(Note("Mage tries all that failed again, also what cannot pass: a failed check, a refused query"))
    told = {
        "Mage has no priorities of blocks": [work.name for work in works if work.priority],
        "Mage has no pools": [work.name for work in works if work.pool],
        "Mage has no owners of blocks": [work.name for work in works if work.owner],
        "a wait is doubled without a longest one; Mage gives up when they come to more in all": [
            work.name for work in works if work.waits_seconds and _is_capped(work)
        ],
        "nobody is told before it is late; `jusante schedule` and `jusante up` tell": [
            item.asset for work in works for item in work.items if item.fresh or item.deadline
        ],
    }
    return (*found, *(Note(what, tuple(assets)) for what, assets in told.items() if assets))


def _notes_of_times(flow: Flow) -> list[Note]:
    clock, found = flow.start.clock, []
    made = tuple(item.asset for work in flow.works for item in work.items if item.start)
    if clock and crons.nearly(clock).zone != "UTC":
        found.append(Note(f"its times are those of {crons.nearly(clock).zone}; Mage counts in UTC", made))
    if clock and not crons.exactly(clock):
        found.append(Note(f"made {clock} in jusante; Mage makes it at {crons.nearly(clock).expression}", made))
    if flow.start.catch_up == "all":
        found.append(Note("ticks that passed are left, not made up for one by one", made))
    return found


def _is_capped(work: Work) -> bool:
    return work.waits_seconds[-1] != int((work.wait * 2 ** (work.attempts - 2)).total_seconds())
