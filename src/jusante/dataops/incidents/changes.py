"""What changed since an asset was well: definitions, columns, data, the environment, and sources that are down."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from jusante.core.asset import Asset
from jusante.core.graph import Graph
from jusante.core.run import AssetState
from jusante.core.words import counted

ChangeKind = Literal["definition", "schema", "data", "environment", "outage"]
Columns = Mapping[str, str]
"""The columns of a table, each with its type."""


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of an asset and all above it, when it was well (`before`) and as of now; by the asset's id.

    An asset that is in none of these was not known then. `odd` is what is odd in the data of ingested tables, in words;
    `down` are assets whose source could not be read; `environment` says what was installed anew since.
    """

    before: Mapping[str, AssetState] = field(default_factory=dict)
    now: Mapping[str, AssetState] = field(default_factory=dict)
    columns_before: Mapping[str, Columns] = field(default_factory=dict)
    columns_now: Mapping[str, Columns] = field(default_factory=dict)
    odd: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    down: frozenset[str] = frozenset()
    environment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed. `distance` is how many steps above the asset it stands; `columns` are gone or of another type."""

    kind: ChangeKind
    subject: str
    what: str
    distance: int = 0
    columns: frozenset[str] = frozenset()
    is_odd: bool = False
    is_first: bool = False


def changes(graph: Graph, name: str, past: Past) -> tuple[Change, ...]:
    """All that changed for an asset since it was well. Pure."""
    distances = _distances(graph, name)
    found: list[Change] = []
    for each, distance in distances.items():
        found += _of_definition(graph, each, distance, past)
        found += _of_columns(graph[each], distance, past)
        found += _of_data(graph[each], distance, past)
        if each in past.down and distance:
            found.append(Change("outage", each, f"{each} could not be loaded: its source is down", distance))
    found += [Change("environment", "environment", what) for what in past.environment]
    return tuple(found)


def _distances(graph: Graph, name: str) -> dict[str, int]:
    """How many steps above it each asset is that it is made of; itself 0."""
    found, ring = {name: 0}, [name]
    while ring:
        ring = [above for each in ring for above in graph[each].inputs if above not in found]
        found |= {each: max(found.values()) + 1 for each in ring}
    return found


def _of_definition(graph: Graph, name: str, distance: int, past: Past) -> Iterator[Change]:
    """Whether it was itself edited: with the versions that its inputs had then, its version would be the one of then."""
    asset, then = graph[name], past.before.get(name)
    if then is None:
        if distance == 0:
            yield Change(
                "definition", name, f"{name} is new, and was never made ({asset.place.file})", distance, is_first=True
            )
        return
    above = {each: past.before[each].version for each in asset.inputs if each in past.before}
    if len(above) < len(set(asset.inputs)):
        # Something that it reads is new, or was never made: then what reads it was edited as well, if its version changed.
        if graph.versions[name] != then.version:
            yield Change("definition", name, f"{name} was edited ({asset.place.file})", distance, _gone(name, past))
    elif asset.version(above) != then.version:
        yield Change("definition", name, f"{name} was edited ({asset.place.file})", distance, _gone(name, past))


def _of_columns(asset: Asset, distance: int, past: Past) -> Iterator[Change]:
    if asset.kind != "ingested":
        return
    if gone := _gone(asset.id, past):
        names = ", ".join(sorted(gone))
        yield Change("schema", asset.id, f"columns of {asset.id} are gone or of another type: {names}", distance, gone)


def _gone(name: str, past: Past) -> frozenset[str]:
    before, now = past.columns_before.get(name), past.columns_now.get(name)
    if before is None or now is None:
        return frozenset()
    return frozenset(column for column, kind in before.items() if now.get(column) != kind)


def _of_data(asset: Asset, distance: int, past: Past) -> Iterator[Change]:
    if asset.kind != "ingested":
        return
    odd = past.odd.get(asset.id, ())
    then, now = past.before.get(asset.id), past.now.get(asset.id)
    came = distance == 0 or (now is not None and (then is None or then.snapshot_id != now.snapshot_id))
    if not came and not odd:
        return
    words = f"new data came into {asset.id}" if distance else f"the data that {asset.id} was to take in"
    more = f"; {counted(len(odd), 'thing')} odd: {'; '.join(odd[:2])}" if odd else ""
    yield Change("data", asset.id, words + more, distance, is_odd=bool(odd))
