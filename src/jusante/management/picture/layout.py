"""Where boxes stand: in layers from left to right, none over another, each link onward.

The steps are those of Sugiyama, Tagawa and Toda (1981): layers by the longest path; places for links that cross a layer;
an order within each layer with few crossings, by barycentres; heights near what a box is linked to. No library of
Python alone with a licence that fits does this for boxes of many heights (docs/adr/0007).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 12
"""How often the order within layers is improved."""
SETTLINGS = 16
"""How often heights are drawn towards what boxes are linked to."""
LANE_HEIGHT = 10.0
"""What a link takes up where it passes a layer."""

_Lane = tuple[str, str, int]
"""A link's place in a layer that it passes: its source, its target, the layer."""
_Node = str | _Lane


@dataclass(frozen=True, slots=True)
class Size:
    """The width and height of a box."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Spot:
    """The upper left corner of a box."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each box stands, and by which points each link passes the layers between its ends."""

    spots: Mapping[str, Spot]
    ways: Mapping[tuple[str, str], tuple[Spot, ...]]
    width: float
    height: float


def arranged(sizes: Mapping[str, Size], links: Iterable[tuple[str, str]], *, gap_x: float, gap_y: float) -> Layout:
    """Boxes in layers. Links must not go in circles; one from a box to itself is of no account."""
    pairs = sorted({(one, other) for one, other in links if one != other})
    layers = _layers(list(sizes), pairs)
    nodes, chains = _with_lanes(layers, pairs)
    order = _ordered(nodes, chains)
    tops = _heights(order, chains, sizes, gap_y)
    return _placed(order, pairs, tops, sizes, gap_x)


# -- layers --------------------------------------------------------------------------------------------------------------


def _layers(names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The longest path to each box; what nothing leads to stands just before what it leads to first."""
    above, below = _neighbours(names, pairs)
    found: dict[str, int] = {}
    waiting = {name: len(above[name]) for name in names}
    ready = [name for name in names if not waiting[name]]
    while ready:
        name = ready.pop()
        found[name] = max((found[other] + 1 for other in above[name]), default=0)
        for other in below[name]:
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    if len(found) < len(names):
        raise ValueError("links go in a circle")
    for name in names:
        if not above[name] and below[name]:
            found[name] = min(found[other] for other in below[name]) - 1
    return found


def _neighbours(
    names: Sequence[str], pairs: Sequence[tuple[str, str]]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    above: dict[str, list[str]] = {name: [] for name in names}
    below: dict[str, list[str]] = {name: [] for name in names}
    for one, other in pairs:
        above[other].append(one)
        below[one].append(other)
    return above, below


def _with_lanes(
    layers: Mapping[str, int], pairs: Sequence[tuple[str, str]]
) -> tuple[list[list[_Node]], list[tuple[_Node, _Node]]]:
    """The nodes of each layer, lanes among them, and the links between neighbouring layers."""
    nodes: list[list[_Node]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for name, layer in layers.items():
        nodes[layer].append(name)
    chains: list[tuple[_Node, _Node]] = []
    for one, other in pairs:
        lanes: list[_Node] = [(one, other, layer) for layer in range(layers[one] + 1, layers[other])]
        for lane, layer in zip(lanes, range(layers[one] + 1, layers[other]), strict=True):
            nodes[layer].append(lane)
        chains += pairwise([one, *lanes, other])
    return nodes, chains


# -- order ---------------------------------------------------------------------------------------------------------------


def _ordered(nodes: list[list[_Node]], chains: Sequence[tuple[_Node, _Node]]) -> list[list[_Node]]:
    """The order within each layer: of those that sweeps from left to right and back give, the one with fewest crossings."""
    above: dict[_Node, list[_Node]] = {node: [] for layer in nodes for node in layer}
    below: dict[_Node, list[_Node]] = {node: [] for layer in nodes for node in layer}
    for one, other in chains:
        above[other].append(one)
        below[one].append(other)
    order, best, fewest = nodes, nodes, _crossings(nodes, below)
    for sweep in range(SWEEPS):
        order = _swept(order, above) if sweep % 2 == 0 else _swept(order[::-1], below)[::-1]
        count = _crossings(order, below)
        if count < fewest:
            best, fewest = order, count
    return best


def _swept(layers: list[list[_Node]], towards: Mapping[_Node, list[_Node]]) -> list[list[_Node]]:
    """Each layer in the order of the mean place of what its nodes are linked to in the layer before."""
    done: list[list[_Node]] = []
    for layer in layers:
        places = {node: place for place, node in enumerate(done[-1])} if done else {}
        own = {node: float(place) for place, node in enumerate(layer)}
        done.append(sorted(layer, key=lambda node: _mean([places[o] for o in towards[node] if o in places], own[node])))
    return done


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _crossings(layers: list[list[_Node]], below: Mapping[_Node, list[_Node]]) -> int:
    """How many pairs of links cross, counted by inversions."""
    total = 0
    for left, right in pairwise(layers):
        places = {node: place for place, node in enumerate(right)}
        ends = [end for node in left for end in sorted(places[other] for other in below[node])]
        total += _inversions(ends, len(right))
    return total


def _inversions(values: Sequence[int], size: int) -> int:
    """Pairs that stand the wrong way round, with a tree of counts (Fenwick)."""
    counts = [0] * (size + 1)
    total = 0
    for number, value in enumerate(values):
        not_greater, place = 0, value + 1
        while place > 0:
            not_greater += counts[place]
            place -= place & -place
        total += number - not_greater
        place = value + 1
        while place <= size:
            counts[place] += 1
            place += place & -place
    return total


# -- heights -------------------------------------------------------------------------------------------------------------


def _heights(
    order: list[list[_Node]], chains: Sequence[tuple[_Node, _Node]], sizes: Mapping[str, Size], gap: float
) -> dict[_Node, float]:
    """The top of each node: as near to the middle of what it is linked to as its layer lets it."""
    high = {node: sizes[node].height if isinstance(node, str) else LANE_HEIGHT for layer in order for node in layer}
    linked: dict[_Node, list[_Node]] = {node: [] for node in high}
    for one, other in chains:
        linked[one].append(other)
        linked[other].append(one)
    tops: dict[_Node, float] = {}
    for layer in order:
        tops |= zip(layer, _stacked([0.0] * len(layer), [high[node] for node in layer], gap), strict=True)
    for settling in range(SETTLINGS):
        for layer in order if settling % 2 == 0 else order[::-1]:
            wanted = [
                _mean([tops[other] + high[other] / 2 for other in linked[node]], tops[node] + high[node] / 2)
                - high[node] / 2
                for node in layer
            ]
            tops |= zip(layer, _stacked(wanted, [high[node] for node in layer], gap), strict=True)
    return tops


def _stacked(wanted: Sequence[float], heights: Sequence[float], gap: float) -> list[float]:
    """The tops nearest to those wanted, in their order and without overlap (isotonic regression, pool adjacent violators)."""
    offsets = [0.0]
    for height in heights[:-1]:
        offsets.append(offsets[-1] + height + gap)
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=False):
        pools.append((want - offset, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (one, many), (other, more) = pools[-2:]
            pools[-2:] = [((one * many + other * more) / (many + more), many + more)]
    level = [value for value, count in pools for _ in range(count)]
    return [value + offset for value, offset in zip(level, offsets, strict=False)]


def _placed(
    order: list[list[_Node]],
    pairs: Sequence[tuple[str, str]],
    tops: Mapping[_Node, float],
    sizes: Mapping[str, Size],
    gap_x: float,
) -> Layout:
    highest = min(tops.values(), default=0.0)
    spots: dict[str, Spot] = {}
    ways: dict[tuple[str, str], list[Spot]] = {pair: [] for pair in pairs}
    x = bottom = right = 0.0
    for layer in order:
        width = max((sizes[node].width for node in layer if isinstance(node, str)), default=0.0)
        for node in layer:
            y = tops[node] - highest
            if isinstance(node, str):
                spots[node] = Spot(x, y)
                bottom = max(bottom, y + sizes[node].height)
            else:  # a link passes a layer on the level: by its left and its right edge
                middle = y + LANE_HEIGHT / 2
                ways[node[:2]] += [Spot(x, middle), Spot(x + width, middle)]
                bottom = max(bottom, y + LANE_HEIGHT)
        right = x + width
        x = right + gap_x
    return Layout(spots, {pair: tuple(points) for pair, points in ways.items()}, right, bottom)
