"""The graph as DAGs for Airflow 3, and 2.10 or later: a task for each work, assets between the DAGs."""

import datetime as dt
import shlex
from collections.abc import Mapping

from jusante.core.cron import Cron
from jusante.orchestration.handover import crons, names
from jusante.orchestration.handover.plan import Call, Flow, Handover, Note, Work, Written
from jusante.orchestration.handover.writing import Code, call, docstring, head, indented, literal

SHORT_LINE = 104
"""How long a choice of assets may be to stand on one line of 120."""

_HOW = (
    "Put it into Airflow's folder of DAGs. New DAGs are paused in Airflow until somebody says otherwise. One task works at "
    "a time in each DAG, as one run holds the project at a time; a task of another DAG waits for it."
)

_IMPORTS = """\
try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG, Asset
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.operators.bash import BashOperator"""


def written(handover: Handover, call_of: Call, begin: dt.date) -> Written:
    """One file of DAGs. `begin` is the day from which on times count that are made up for one by one."""
    notes = (*handover.notes, *_notes(handover))
    zones = any(_cron(flow) for flow in handover.flows)
    parts = [docstring(head(handover, "Airflow", notes, _HOW))]
    parts.append("\n".join(["", "from datetime import timedelta", "", "import pendulum", "", _IMPORTS]))
    if zones:
        parts.append("from airflow.timetables.trigger import CronTriggerTimetable")
    parts.append(_constants(handover, call_of, begin))
    parts += [_dag(flow, handover, call_of) for flow in handover.flows]
    text = "\n".join(parts).rstrip() + "\n"
    return Written({f"jusante_{names.identifier(handover.project)}.py": text}, notes)


def dag_id(handover: Handover, flow: Flow) -> str:
    """What Airflow calls a flow."""
    return f"{names.dotted(handover.project)}__{names.dotted(flow.name)}"


def _constants(handover: Handover, call_of: Call, begin: dt.date) -> str:
    place = literal(f"jusante://{names.in_address(handover.project)}/{names.in_address(handover.environment)}/")
    return f"""
BEGIN = pendulum.datetime({begin.year}, {begin.month}, {begin.day}, tz="UTC")
WHERE = {literal(_untemplated(shlex.join(call_of.where)))}


def made(name: str) -> Asset:
    return Asset({place} + name)

"""


def _dag(flow: Flow, handover: Handover, call_of: Call) -> str:
    usual = _usual(flow)
    opened = call(
        "with DAG",
        dag_id=dag_id(handover, flow),
        description=f"{handover.project}: {flow.start}",
        schedule=_schedule(flow),
        start_date=Code("BEGIN"),
        catchup=flow.start.catch_up == "all",
        max_active_runs=1,
        max_active_tasks=1,
        default_args=usual or None,
        tags=["jusante", handover.project] if handover.project != "jusante" else ["jusante"],
    )
    tasks = "\n".join(_task(work, call_of, usual) for work in flow.works)
    orders = "\n".join(_order(work) for work in flow.works if work.after)
    body = f"{tasks}\n\n{orders}" if orders else tasks
    return f"{opened}:\n{indented(body)}\n"


def _usual(flow: Flow) -> dict[str, object]:
    """The settings of retries that most works of a flow share."""
    told = [_retries(work) for work in flow.works]
    return max(told, key=told.count) if told else {}


def _retries(work: Work) -> dict[str, object]:
    waits = {"retry_delay": work.wait, "retry_exponential_backoff": True, "max_retry_delay": work.longest}
    return {"retries": work.attempts - 1, **waits}


def _task(work: Work, call_of: Call, usual: Mapping[str, object]) -> str:
    seconds = work.longest_seconds(call_of)
    own = {key: value for key, value in _retries(work).items() if value != usual.get(key)}
    about = call(
        "BashOperator",
        task_id=names.dotted(work.name),
        bash_command=_command(work, call_of),
        **own,
        execution_timeout=dt.timedelta(seconds=seconds) if seconds else None,
        pool=work.pool,
        priority_weight=work.priority or None,
        weight_rule="absolute" if work.priority else None,
        owner=work.owner,
        doc_md=work.about or None,
        inlets=[_asset(name) for name in work.outside] or None,
        outlets=[_asset(name) for name in work.assets],
    )
    return f"{names.identifier(work.name)} = {about}"


def _command(work: Work, call_of: Call) -> Code:
    """The call for a shell. It does not end in a name: Airflow takes what ends in `.sh` for a file."""
    text = shlex.join(call_of.arguments(work.assets))
    where = f" {shlex.join(call_of.where)}"
    if text.endswith(where):
        return Code(f"{literal(_untemplated(text.removesuffix(where)) + ' ')} + WHERE")
    return Code(literal(_untemplated(text) + " "))


def _untemplated(text: str) -> str:
    """What looks like a template of Airflow's is none."""
    return f"{{% raw %}}{text}{{% endraw %}}" if any(mark in text for mark in ("{{", "{%", "{#")) else text


def _order(work: Work) -> str:
    above = [names.identifier(name) for name in work.after]
    return f"{literal([Code(name) for name in above]) if len(above) > 1 else above[0]} >> {names.identifier(work.name)}"


def _asset(name: str) -> Code:
    return Code(f"made({literal(names.in_address(name))})")


def _cron(flow: Flow) -> Cron | None:
    return crons.exactly(flow.start.clock) if flow.start.clock else None


def _schedule(flow: Flow) -> Code:
    if flow.called_by:
        return _any_of([_asset(name) for name in flow.called_by])
    if cron := _cron(flow):
        return call("CronTriggerTimetable", cron.expression, timezone=cron.zone)
    if flow.start.clock:
        assert not isinstance(flow.start.clock, Cron)
        return Code(literal(flow.start.clock.step))
    return Code("None")


def _any_of(assets: list[Code]) -> Code:
    """News of one of them are enough."""
    if len(assets) == 1:
        return Code(f"[{assets[0]}]")
    line = " | ".join(assets)
    return Code(f"({line})" if len(line) <= SHORT_LINE else "(\n" + indented("\n| ".join(assets)) + "\n)")


def _notes(handover: Handover) -> tuple[Note, ...]:
    pools = sorted({work.pool for _, work in handover.works if work.pool})
    found = [Note(f"pool {pool}: make it with `airflow pools set {shlex.quote(pool)} 1 jusante`") for pool in pools]
    late = tuple(item.asset for _, work in handover.works for item in work.items if item.fresh or item.deadline)
    if late:
        found.append(Note("nobody is told before it is late; `jusante schedule` and `jusante up` tell", late))
    if handover.flows:
        found.append(
            Note("Airflow tries all that failed again, also what cannot pass: a failed check, a refused query")
        )
    return tuple(found)
