"""`handed_over`: a graph as flows and works. Pure: the same is handed over of the same."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from jusante.core import duration
from jusante.core.asset import Asset, Ingested
from jusante.core.graph import Graph
from jusante.orchestration.conducting.laws import Law, laws
from jusante.orchestration.handover import names
from jusante.orchestration.handover.plan import NEWS, Flow, Granularity, Handover, Item, Note, Start, Work
from jusante.orchestration.handover.starts import Leads, is_unsaid, starts

_Value = TypeVar("_Value")


def handed_over(
    project: str, environment: str, graph: Graph, leads: Leads, granularity: Granularity = "asset"
) -> Handover:
    """What another orchestrator does for a project.

    Assets with the same clock, and all that follows from those alone, are one flow; what follows from several flows is one
    more, which news of its inputs begin. An edge within a flow is an order of works; one between flows is told of each work.
    """
    wanted = laws(graph)
    found = starts(wanted, leads)
    homes = {name: next(iter(reach)) if len(reach) == 1 else NEWS for name, reach in found.reach.items()}
    items = {name: _item(graph[name], wanted.get(name), found.own.get(name)) for name in graph.order}
    works = _works(graph, wanted, homes, items, granularity)
    flows = tuple(_flow(start, slug, works[start], homes) for start, slug in _named(works).items())
    outside = tuple(item for name, item in items.items() if name not in wanted)
    notes = (*found.notes, *_lost(wanted, homes), *_left_out(graph))
    return Handover(project, environment, flows, outside, notes)


def _named(works: Mapping[Start, object]) -> Mapping[Start, str]:
    ordered = sorted(works, key=lambda start: (("clock", "when", "news", "hand").index(start.kind), str(start)))
    texts = {start: _text(start) for start in ordered}
    slugs = names.slugs(list(texts.values()))
    return {start: slugs[text] for start, text in texts.items()}


def _text(start: Start) -> str:
    if start.kind == "news":
        return "news"
    return f"{start} all" if start.catch_up == "all" else str(start)


def _flow(start: Start, slug: str, works: tuple[Work, ...], homes: Mapping[str, Start]) -> Flow:
    calling = (name for work in works for name in work.outside) if start.kind == "news" else ()
    return Flow(slug, start, works, tuple(sorted({name for name in calling if homes[name] != start})))


# -- works ---------------------------------------------------------------------------------------------------------------


def _works(
    graph: Graph,
    wanted: Mapping[str, Law],
    homes: Mapping[str, Start],
    items: Mapping[str, Item],
    granularity: Granularity,
) -> Mapping[Start, tuple[Work, ...]]:
    place = _places(graph, wanted, homes, granularity)
    members: dict[tuple[Start, str], list[str]] = {}
    for name in wanted:
        members.setdefault((homes[name], place[name]), []).append(name)
    found: dict[Start, list[Work]] = {}
    for (start, name), assets in members.items():
        timeouts = [graph[asset].timing.timeout for asset in assets]
        made = tuple(items[asset] for asset in assets)
        found.setdefault(start, []).append(_work(name, made, timeouts, wanted, homes, place))
    return {start: _in_order(works) for start, works in found.items()}


def _places(
    graph: Graph, wanted: Mapping[str, Law], homes: Mapping[str, Start], granularity: Granularity
) -> Mapping[str, str]:
    """The name of the work that each asset is a part of."""
    if granularity == "asset":
        return {name: name for name in wanted}
    if granularity == "source":
        return {name: _source(graph[name]) or name for name in wanted}
    depth: dict[str, int] = {}
    for name, law in wanted.items():  # with the flow, a work ends: so works never wait for one another in a circle
        depth[name] = max((depth[each] + (homes[each] != homes[name]) for each in law.inputs), default=0)
    return {name: f"run:{depth[name] + 1}" for name in wanted}


def _source(asset: Asset) -> str:
    return f"source:{asset.definition.source.source}" if isinstance(asset.definition, Ingested) else ""


def _work(
    name: str,
    items: tuple[Item, ...],
    timeouts: list[str | None],
    wanted: Mapping[str, Law],
    homes: Mapping[str, Start],
    place: Mapping[str, str],
) -> Work:
    own = [wanted[item.asset] for item in items]
    home = homes[items[0].asset]
    inputs = {each for law in own for each in law.inputs}
    return Work(
        name=name,
        items=items,
        after=tuple(sorted({place[each] for each in inputs if homes[each] == home} - {name})),
        outside=tuple(sorted(each for each in inputs if homes[each] != home)),
        attempts=max(law.attempts for law in own),
        wait=max(law.wait for law in own),
        longest=max(law.longest for law in own),
        timeout=sum((duration.parse(text) for text in timeouts if text), dt.timedelta()) if all(timeouts) else None,
        pool=_agreed(law.pool for law in own),
        priority=max(law.priority for law in own),
    )


def _in_order(works: list[Work]) -> tuple[Work, ...]:
    """Each work after those it waits for; alike for alike works."""
    from graphlib import TopologicalSorter

    by_name = {work.name: work for work in works}
    order = TopologicalSorter({name: sorted(by_name[name].after) for name in sorted(by_name)})
    return tuple(by_name[name] for name in order.static_order())


def _item(asset: Asset, law: Law | None, start: Start | None) -> Item:
    return Item(
        asset=asset.id,
        kind=asset.kind,
        inputs=asset.inputs,
        owner=asset.owner,
        tags=asset.tags,
        about=asset.about,
        start=start,
        fresh=law.fresh if law else None,
        deadline=law.deadline if law else None,
    )


def _agreed(values: Iterable[_Value]) -> _Value | None:
    found = set(values)
    return found.pop() if len(found) == 1 else None


# -- notes ---------------------------------------------------------------------------------------------------------------


def _lost(wanted: Mapping[str, Law], homes: Mapping[str, Start]) -> tuple[Note, ...]:
    """What of the laws no clock can say."""
    found: list[Note] = []
    by_condition: dict[str, list[str]] = {}
    for law in wanted.values():
        if law.when and not law.paused:
            by_condition.setdefault(" or ".join(sorted(map(str, law.when))), []).append(law.asset)
    for condition, assets in sorted(by_condition.items()):
        found.append(Note(f"made when {condition}; nobody looks for that, start it from outside", tuple(assets)))
    quiet: dict[str, list[str]] = {}
    for law in wanted.values():
        if law.quiet and homes[law.asset].kind == "clock":
            quiet.setdefault(law.quiet, []).append(law.asset)
    for hours, assets in sorted(quiet.items()):
        what = f"the source is left alone {hours}: work that falls into that fails with J203 and is tried again"
        found.append(Note(what, tuple(assets)))
    found += _told(wanted, "both a clock or conditions and a target: the target is told to nobody", _has_two)
    none = "ticks that passed while nothing ran are made up for by one run, not left"
    found += _told(wanted, none, lambda law: _has_clock(law) and law.catch_up == "none")
    found += _unsaid(wanted)
    found += _told(wanted, "paused: made by hand only", lambda law: law.paused)
    waited_for = {name for law in wanted.values() for name in law.inputs if homes[law.asset] != homes[name]}
    once = "no clock begins it, and others wait for it: run it once before they are made for the first time"
    found += _told(wanted, once, lambda law: homes[law.asset].kind == "hand" and law.asset in waited_for)
    return tuple(found)


def _unsaid(wanted: Mapping[str, Law]) -> list[Note]:
    by_clock: dict[str, list[str]] = {}
    for law in wanted.values():
        if is_unsaid(law) and not law.paused:
            by_clock.setdefault(str(law.clock), []).append(law.asset)
    what = "made {} in jusante, for which nobody else has a form: no clock begins it"
    return [Note(what.format(clock), tuple(assets)) for clock, assets in sorted(by_clock.items())]


def _has_clock(law: Law) -> bool:
    return law.clock is not None and not law.paused and not is_unsaid(law)


def _has_two(law: Law) -> bool:
    return bool(law.clock or law.when) and bool(law.fresh or law.deadline)


def _told(wanted: Mapping[str, Law], what: str, holds: Callable[[Law], bool]) -> list[Note]:
    assets = tuple(law.asset for law in wanted.values() if holds(law))
    return [Note(what, assets)] if assets else []


def _left_out(graph: Graph) -> tuple[Note, ...]:
    readers = tuple(asset.id for asset in graph if asset.kind == "exposure")
    others = tuple(asset.id for asset in graph if asset.elsewhere)
    found = [Note("read what is made, and are made by nobody here: no task", readers)] if readers else []
    return (*found, *([Note("made elsewhere: no task; its order is not kept here", others)] if others else []))
