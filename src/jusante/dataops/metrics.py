"""What the ledger knows as OpenMetrics text, for Prometheus and what reads its format (openmetrics.io, version 1.0)."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from jusante.core.graph import Graph
from jusante.core.incident import Incident
from jusante.core.run import AssetState, Run, Task

Sample = tuple[Mapping[str, str], float]
MAKING = frozenset({"run", "up", "backfill"})
"""The commands of which a run makes what is stale or asked for; others tidy up, go back, or erase."""


def exposition(
    graph: Graph,
    states: Mapping[str, AssetState],
    last_tasks: Mapping[str, Task],
    incidents: Sequence[Incident],
    runs: Sequence[Run],
) -> str:
    """The whole document. `incidents` are those that go on, `runs` the latest, newest first."""
    families = (
        _family(
            "jusante_asset_last_success_timestamp_seconds", "When the asset was last made.", _successes(graph, states)
        ),
        _family("jusante_asset_last_task_seconds", "How long its last task took.", _seconds(graph, last_tasks)),
        _family("jusante_asset_last_task_succeeded", "Whether its last task went well.", _went_well(graph, last_tasks)),
        _family("jusante_asset_last_task_rows", "How many rows its last task wrote.", _rows(graph, last_tasks)),
        _family("jusante_incidents_open", "Incidents that go on, by severity.", _incidents(incidents)),
        _family("jusante_last_run_timestamp_seconds", "When the last run ended.", _run_times(runs)),
        _family("jusante_last_run_seconds", "How long the last run took.", _run_seconds(runs)),
        _family("jusante_last_run_succeeded", "Whether the last run went well.", _run_went_well(runs)),
    )
    return "\n".join([*(line for family in families for line in family), "# EOF"]) + "\n"


def _family(name: str, about: str, samples: Iterable[Sample]) -> Iterator[str]:
    lines = [f"{name}{_labels(labels)} {_number(value)}" for labels, value in samples]
    unit = ["# UNIT " + name + " seconds"] if name.endswith("_seconds") else []
    yield from [f"# TYPE {name} gauge", *unit, f"# HELP {name} {about}", *lines] if lines else []


def _labels(labels: Mapping[str, str]) -> str:
    said = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{said}}}" if said else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:.3f}"


def _successes(graph: Graph, states: Mapping[str, AssetState]) -> Iterator[Sample]:
    for name in graph.order:
        if name in states:
            yield _of(graph, name), states[name].at.timestamp()


def _seconds(graph: Graph, tasks: Mapping[str, Task]) -> Iterator[Sample]:
    return ((_of(graph, name), tasks[name].seconds) for name in graph.order if name in tasks)


def _went_well(graph: Graph, tasks: Mapping[str, Task]) -> Iterator[Sample]:
    return ((_of(graph, name), tasks[name].status == "succeeded") for name in graph.order if name in tasks)


def _rows(graph: Graph, tasks: Mapping[str, Task]) -> Iterator[Sample]:
    for name in graph.order:
        rows = tasks[name].rows_out if name in tasks else None
        if rows is not None:
            yield _of(graph, name), rows


def _of(graph: Graph, name: str) -> dict[str, str]:
    return {"asset": name, "kind": graph[name].kind}


def _incidents(incidents: Sequence[Incident]) -> Iterator[Sample]:
    counts = Counter(incident.severity for incident in incidents)
    return (({"severity": severity}, counts[severity]) for severity in ("high", "medium", "low"))


def _run_times(runs: Sequence[Run]) -> Iterator[Sample]:
    return (({}, (run.ended_at or run.started_at).timestamp()) for run in _last(runs))


def _run_seconds(runs: Sequence[Run]) -> Iterator[Sample]:
    none = dt.timedelta()
    return (({}, (run.ended_at - run.started_at if run.ended_at else none).total_seconds()) for run in _last(runs))


def _run_went_well(runs: Sequence[Run]) -> Iterator[Sample]:
    return (({}, run.status == "succeeded") for run in _last(runs))


def _last(runs: Sequence[Run]) -> tuple[Run, ...]:
    """The last run that ended and that made something, if there is one."""
    made = (run for run in runs if run.ended_at and run.command.partition(" ")[0] in MAKING)
    return tuple(made)[:1]
