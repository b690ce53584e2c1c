"""The graph as flows for Prefect 3: a task for each work, deployments with schedules, and events between flows."""

import shlex

from jusante.core.cron import Cron
from jusante.orchestration.handover import crons, names
from jusante.orchestration.handover.plan import Call, Flow, Handover, Note, Work, Written
from jusante.orchestration.handover.writing import Code, call, docstring, head, indented, literal

_HOW = (
    "`python FILE` serves the flows: it stays, and runs them when they are due. In each flow one task works at a time, as one "
    "run holds the project at a time; a task of another flow waits for it."
)

_TASK = """\
def may_pass(task, run, state):
    \"\"\"2 and 3: the project is wrong, a query was refused. The same would fail again.\"\"\"
    return getattr(state.result(raise_on_failure=False), "returncode", 1) not in (2, 3)


@task(retry_condition_fn=may_pass)
def jusante(*assets, timeout=None):
    subprocess.run([*JUSANTE, *assets], timeout=timeout, check=True)


def made(name, assets, after=(), timeout=None, **settings):
    return jusante.with_options(name=name, **settings).submit(*assets, timeout=timeout, wait_for=list(after))
"""


def written(handover: Handover, call_of: Call) -> Written:
    """One file of flows, which serves them when it is run."""
    notes = (*handover.notes, *_notes(handover))
    parts = [docstring(head(handover, "Prefect", notes, _HOW)), "", _imports(handover), ""]
    parts += [f"JUSANTE = {literal([*call_of.begin, *call_of.where, '--'])}", "", "", _TASK]
    parts += [_flow(flow, handover, call_of) for flow in handover.flows]
    if handover.flows:
        parts += ['\nif __name__ == "__main__":', indented(_served(handover))]
    return Written({f"jusante_{names.identifier(handover.project)}.py": "\n".join(parts) + "\n"}, notes)


def flow_name(handover: Handover, flow: Flow) -> str:
    """What Prefect calls a flow."""
    return f"{names.dotted(handover.project)}--{flow.name}"


def _imports(handover: Handover) -> str:
    clocks = [flow.start.clock for flow in handover.flows if flow.start.clock]
    first = ["import subprocess"]
    schedules = {"Cron" if crons.exactly(clock) else "Interval" for clock in clocks}
    if "Interval" in schedules:
        first.append("from datetime import datetime, timedelta")
    lines = [*first, "", f"from prefect import {'flow, serve, task' if handover.flows else 'task'}"]
    if any(flow.called_by for flow in handover.flows):
        lines.append("from prefect.events import DeploymentEventTrigger")
    if schedules:
        lines.append(f"from prefect.schedules import {', '.join(sorted(schedules))}")
    if handover.flows:
        lines.append("from prefect.task_runners import ThreadPoolTaskRunner")
    return "\n".join(lines)


def _flow(flow: Flow, handover: Handover, call_of: Call) -> str:
    about = literal(f"{handover.project}: {flow.start}")
    settings = call(
        "@flow",
        name=flow_name(handover, flow),
        description=Code(about),
        task_runner=Code("ThreadPoolTaskRunner(max_workers=1)"),
    )
    tasks = "\n".join(_task(work, call_of) for work in flow.works)
    ended = literal([Code(names.identifier(work.name)) for work in flow.works])
    body = indented(f"{tasks}\nreturn {ended}")
    return f"\n{settings}\ndef {names.identifier(flow.name)}():\n{body}\n"


def _task(work: Work, call_of: Call) -> str:
    waits = list(work.waits_seconds)
    made = call(
        "made",
        work.name,
        list(work.assets),
        after=[Code(names.identifier(name)) for name in work.after] or None,
        timeout=work.longest_seconds(call_of),
        retries=len(waits) or None,
        retry_delay_seconds=waits or None,
        tags=sorted({"jusante", *work.tags, *([work.pool] if work.pool else [])}),
        description=work.about or None,
    )
    outside = f"# It reads {', '.join(work.outside)} of other flows, too.\n" if work.outside else ""
    return f"{outside}{names.identifier(work.name)} = {made}"


def _served(handover: Handover) -> str:
    deployments = [_deployment(flow, handover) for flow in handover.flows]
    return call("serve", *deployments)


def _deployment(flow: Flow, handover: Handover) -> Code:
    return call(
        f"{names.identifier(flow.name)}.to_deployment",
        handover.environment,
        schedule=_schedule(flow),
        triggers=[_trigger(flow, handover)] if flow.called_by else None,
        concurrency_limit=1,
    )


def _schedule(flow: Flow) -> Code | None:
    clock = flow.start.clock
    if clock is None:
        return None
    if cron := crons.exactly(clock):
        return call("Cron", cron.expression, timezone=cron.zone)
    assert not isinstance(clock, Cron)
    return call("Interval", clock.step, anchor_date=Code('datetime.fromisoformat("1970-01-01T00:00:00+00:00")'))


def _trigger(flow: Flow, handover: Handover) -> Code:
    """Whenever one of the flows that make what it reads has ended, well or not."""
    above = [
        flow_name(handover, other)
        for other in handover.flows
        if any(set(work.assets) & set(flow.called_by) for work in other.works)
    ]
    related = {"prefect.resource.role": "flow", "prefect.resource.name": above}
    return call(
        "DeploymentEventTrigger",
        expect=["prefect.flow-run.Completed", "prefect.flow-run.Failed"],
        match_related=related,
    )


def _notes(handover: Handover) -> tuple[Note, ...]:
    works = [work for _, work in handover.works]
    found = []
    if urgent := tuple(work.name for work in works if work.priority):
        found.append(Note("Prefect has no priorities of tasks", urgent))
    if owned := tuple(work.name for work in works if work.owner):
        found.append(Note("Prefect has no owners of tasks", owned))
    pools = sorted({work.pool for work in works if work.pool})
    found += [Note(f"pool {pool}: `prefect concurrency-limit create {shlex.quote(pool)} 1`") for pool in pools]
    if missed := tuple(
        name for flow in handover.flows if flow.start.clock for work in flow.works for name in work.assets
    ):
        found.append(Note("ticks that passed while nothing served the flows are left", missed))
    if late := tuple(item.asset for work in works for item in work.items if item.fresh or item.deadline):
        found.append(Note("nobody is told before it is late; `jusante schedule` and `jusante up` tell", late))
    return tuple(found)
