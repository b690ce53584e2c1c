"""What a run would do, and why, told without asking a source."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from jusante.core.graph import Graph
from jusante.core.holds import Hold
from jusante.core.run import Action, AssetState, Task
from jusante.management.lake import Tables
from jusante.orchestration.holding import why_held
from jusante.orchestration.staleness import action_of, why_ingest, why_stale


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One task that a run would do. `certain` is false where it depends on what a source has to say.

    `held`: it will wait, and keep its last good snapshot. `breaks` is what waits because of the table that it brings in.
    `cost_usd` is what it is estimated to cost, None where nobody can tell.
    """

    asset: str
    action: Action
    why: str
    certain: bool
    held: bool = False
    breaks: tuple[str, ...] = ()
    cost_usd: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The task as `--json` prints it."""
        return {
            "asset": self.asset,
            "action": self.action,
            "why": self.why,
            "breaks": list(self.breaks),
            "cost_usd": self.cost_usd,
        }


def foresee(
    graph: Graph,
    chosen: Collection[str],
    states: Mapping[str, AssetState],
    tables: Tables,
    last: Mapping[str, Task],
    needs: Mapping[str, tuple[Hold, ...]],
) -> tuple[Foreseen, ...]:
    """The tasks that a run would do, in their order; what is up to date is left out.

    `needs` are the held columns that assets need: these assets wait, whatever else is new.
    """
    found: dict[str, Foreseen] = {}
    held: list[Foreseen] = []
    for name in graph.order:
        if name not in chosen:
            continue
        if name in needs:
            held.append(Foreseen(name, action_of(graph[name]), why_held(needs[name]), certain=True, held=True))
        elif task := _foresee(graph, name, states, tables, found, last):
            found[name] = replace(task, breaks=_breaks(name, needs))
    return (*found.values(), *held)


def _breaks(table: str, needs: Mapping[str, tuple[Hold, ...]]) -> tuple[str, ...]:
    return tuple(sorted(name for name, holds in needs.items() if any(hold.table == table for hold in holds)))


def _foresee(  # the whole picture is what a decision needs
    graph: Graph,
    name: str,
    states: Mapping[str, AssetState],
    tables: Tables,
    found: Mapping[str, Foreseen],
    last: Mapping[str, Task],
) -> Foreseen | None:
    asset, state, version = graph[name], states.get(name), graph.versions[name]
    exists = tables.pointer(name) is not None
    if asset.kind == "ingested":
        failed = _failed_last(last.get(name))
        why = why_ingest(version, state, exists=exists)
        return Foreseen(name, "ingest", failed or why, certain=state is None or state.version != version)
    inputs: dict[str, int | None] = {}
    for above in graph.tables_above(name):
        table = tables.get(above)
        inputs[above] = table.data_id if table else None
    reason = why_stale(version, state, inputs, exists=exists or asset.kind != "model")
    if reason:
        return Foreseen(name, action_of(asset), _failed_last(last.get(name)) or reason, certain=True)
    sure = [above for above in asset.inputs if above in found and found[above].certain]
    if sure:
        return Foreseen(name, action_of(asset), f"{sure[0]} is made anew", certain=True)
    maybe = [above for above in asset.inputs if above in found]
    return Foreseen(name, action_of(asset), f"if {maybe[0]} brings new data", certain=False) if maybe else None


def _failed_last(task: Task | None) -> str | None:
    return "it failed last time" if task and task.status in {"failed", "held"} else None
