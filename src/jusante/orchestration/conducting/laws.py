"""What a project wants of each asset's times, worked out once."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from jusante.core import deadline, duration
from jusante.core.asset import Asset, Ingested
from jusante.core.cron import Cron
from jusante.core.graph import Graph
from jusante.core.trigger import CatchUp, Condition, Retries
from jusante.orchestration.conducting.clocks import Clock, clock_of

DEFAULT_RETRIES = Retries()


@dataclass(frozen=True, slots=True)
class Law:
    """When one asset is to be made.

    `follows`: it is made when its inputs bring news. `above` are the assets that a run towards its target makes, itself
    included and last, each after its inputs; empty where it has no target. `quiet` are hours in which its source is left
    alone. `insists`: retries are told for it, so what might pass is tried again, too. `always`: it is made when it is
    due, whether or not something is new, because nothing that it reads could tell.
    """

    asset: str
    clock: Clock | None = None
    when: tuple[Condition, ...] = ()
    fresh: dt.timedelta | None = None
    deadline: Cron | None = None
    follows: bool = False
    inputs: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    catch_up: CatchUp = "one"
    attempts: int = DEFAULT_RETRIES.attempts
    wait: dt.timedelta = dt.timedelta(minutes=1)
    longest: dt.timedelta = dt.timedelta(hours=1)
    insists: bool = False
    pool: str | None = None
    priority: int = 0
    paused: bool = False
    quiet: str | None = None
    always: bool = False

    @property
    def text(self) -> str:
        """Its clock and targets in words that change when they do; empty where it has none."""
        clock = [str(self.clock)] if self.clock else []
        fresh = [f"fresh {self.fresh}"] if self.fresh else []
        return "; ".join([*clock, *fresh, *([f"by {self.deadline}"] if self.deadline else [])])

    @property
    def is_pulled(self) -> bool:
        """Whether all above it is made in time for its target; otherwise a clock or a condition says when it is made."""
        return bool(self.above) and self.clock is None and not self.when


def laws(graph: Graph) -> Mapping[str, Law]:
    """The law of each asset that a run makes, in an order in which each stands after its inputs."""
    return {name: law_of(graph[name], graph) for name in graph.order if graph[name].is_made}


def law_of(asset: Asset, graph: Graph) -> Law:
    """The law of one asset."""
    timing, definition = asset.timing, asset.definition
    retries = timing.retries or DEFAULT_RETRIES
    clock = clock_of(timing)
    is_ingested = isinstance(definition, Ingested)
    return Law(
        asset=asset.id,
        clock=clock,
        when=timing.when,
        fresh=duration.parse(timing.fresh) if timing.fresh else None,
        deadline=deadline.parse(timing.deadline) if timing.deadline else None,
        follows=not (is_ingested or clock or timing.when),
        inputs=tuple(name for name in asset.inputs if graph[name].is_made),
        above=_above(asset, graph) if timing.fresh or timing.deadline else (),
        catch_up=timing.catch_up,
        attempts=retries.attempts,
        wait=duration.parse(retries.wait),
        longest=duration.parse(retries.longest),
        insists=timing.retries is not None,
        pool=timing.pool,
        priority=timing.priority,
        paused=timing.paused,
        quiet=definition.source.limits.not_during if isinstance(definition, Ingested) else None,
        always=not is_ingested and (asset.kind == "step" or not graph.tables_above(asset.id)),
    )


def _above(asset: Asset, graph: Graph) -> tuple[str, ...]:
    """The asset and all that is made above it, as far as no clock of its own says when that is made."""
    found, waiting = {asset.id}, list(asset.inputs)
    while waiting:
        name = waiting.pop()
        if name not in found and graph[name].is_made:
            found.add(name)
            waiting += graph[name].inputs
    return tuple(name for name in graph.order if name in found)
