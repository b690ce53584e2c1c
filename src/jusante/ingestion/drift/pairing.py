"""Which column of a table as it was is which of the source as it is: one small rule after the other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from jusante.core.schema import Column, Schema
from jusante.ingestion.drift.agreement import Agreement, Measure, comparable, confidence, likeness

RENAMED = 0.8
"""From this confidence on, a drop and an addition are called a rename."""
MARGIN = 0.02
"""How much better than any other a pair must be: of two that are as good, neither is named."""
MOST_PAIRS = 400
"""So many pairs of columns have their values compared, at the most; beyond it, names alone count."""


@dataclass(frozen=True, slots=True)
class Match:
    """A column as it was, and as it is now. `confidence` is 1 where the source or the project says so."""

    before: Column
    after: Column
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Pairing:
    """The columns that are in both; `gone` and `fresh` are in one. `likely` are doubtful partners of what is gone."""

    matches: tuple[Match, ...]
    gone: tuple[Column, ...]
    fresh: tuple[Column, ...]
    likely: Mapping[str, tuple[str, float]] = field(default_factory=dict)


def paired(before: Schema, now: Schema, decided: Mapping[str, str], measure: Measure) -> Pairing:
    """Pair the columns: as decided (before → now), by the source's own identities, by name, by their values."""
    matches = [
        Match(old, new) for was, name in decided.items() if (old := before.find(was)) and (new := now.find(name))
    ]
    matches += _by_identity(*_rest(before, now, matches))
    have_identities = bool(matches) and any(match.before.identity for match in matches)
    matches += _by_name(*_rest(before, now, matches))
    if not have_identities:
        matches = _unswapped(matches, before, now, measure)
    gone, fresh = _rest(before, now, matches)
    renamed, likely = _by_values(gone, fresh, before, now, measure)
    gone, fresh = _rest(before, now, [*matches, *renamed])
    return Pairing((*matches, *renamed), gone, fresh, likely)


def _rest(before: Schema, now: Schema, matches: Iterable[Match]) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    old = {match.before.name for match in matches}
    new = {match.after.name for match in matches}
    return tuple(c for c in before if c.name not in old), tuple(c for c in now if c.name not in new)


def _by_identity(before: Iterable[Column], now: Iterable[Column]) -> list[Match]:
    """The columns that the source itself calls the same. A table that was made anew has none."""
    known = {column.identity: column for column in now if column.identity}
    return [Match(column, known[column.identity]) for column in before if column.identity in known]


def _by_name(before: Iterable[Column], now: Iterable[Column]) -> list[Match]:
    names = {column.name.lower(): column for column in now}
    return [Match(column, names[column.name.lower()]) for column in before if column.name.lower() in names]


def _unswapped(matches: list[Match], before: Schema, now: Schema, measure: Measure) -> list[Match]:
    """Columns that changed places may have changed names instead: their values tell which."""
    moved = [match for match in matches if _has_moved(match, matches, before, now)]
    if not moved or len(moved) > MOST_PAIRS:
        return matches
    own = measure([(match.before.name, match.after.name) for match in moved])
    doubtful = [match for match in moved if _disagree(own.get((match.before.name, match.after.name)))]
    if len(doubtful) < 2:
        return matches
    pairs = [
        (left.before.name, right.after.name)
        for left in doubtful
        for right in doubtful
        if left is not right and comparable(left.before.type, right.after.type)
    ]
    found, _ = _best(
        [match.before for match in doubtful],
        [match.after for match in doubtful],
        before,
        now,
        measure(pairs[:MOST_PAIRS]),
    )
    settled = {match.before.name for match in found}
    if settled != {match.after.name for match in found}:
        return matches
    return [match for match in matches if match.before.name not in settled] + found


def _has_moved(match: Match, matches: Iterable[Match], before: Schema, now: Schema) -> bool:
    """Whether a column stands in another place among those that are in both."""
    old = [name for name in before.names if name in {each.before.name for each in matches}]
    new = [name for name in now.names if name in {each.after.name for each in matches}]
    return old.index(match.before.name) != new.index(match.after.name)


def _disagree(agreement: Agreement | None) -> bool:
    value = agreement.beyond_chance if agreement else None
    return value is not None and value < 0.5


def _by_values(
    gone: tuple[Column, ...], fresh: tuple[Column, ...], before: Schema, now: Schema, measure: Measure
) -> tuple[list[Match], dict[str, tuple[str, float]]]:
    """Columns that are gone under one name and came under another, as their values, types, names and places tell."""
    pairs = [(old.name, new.name) for old in gone for new in fresh if comparable(old.type, new.type)]
    if not pairs:
        return [], {}
    return _best(gone, fresh, before, now, measure(pairs[:MOST_PAIRS]))


def _best(
    gone: Iterable[Column],
    fresh: Iterable[Column],
    before: Schema,
    now: Schema,
    agreements: Mapping[tuple[str, str], Agreement],
) -> tuple[list[Match], dict[str, tuple[str, float]]]:
    rated: dict[tuple[str, str], float] = {}
    for old in gone:
        for new in fresh:
            if comparable(old.type, new.type):
                places = before.names.index(old.name), now.names.index(new.name)
                alike = likeness((old.name, new.name), (old.type, new.type), places)
                rated[old.name, new.name] = confidence(alike, agreements.get((old.name, new.name)))
    found: list[Match] = []
    likely: dict[str, tuple[str, float]] = {}
    taken: set[tuple[int, str]] = set()
    for (old_name, new_name), sure in sorted(rated.items(), key=lambda item: (-item[1], item[0])):
        if (0, old_name) in taken or (1, new_name) in taken:
            continue
        rival = max(
            (
                value
                for pair, value in rated.items()
                if _rivals(pair, (old_name, new_name)) and not _is_taken(pair, taken)
            ),
            default=0.0,
        )
        if sure >= RENAMED and sure - rival >= MARGIN:
            found.append(Match(_one(before, old_name), _one(now, new_name), sure))
            taken |= {(0, old_name), (1, new_name)}
        elif sure >= 0.4:
            likely.setdefault(old_name, (new_name, sure))
    return found, {name: hint for name, hint in likely.items() if (0, name) not in taken and (1, hint[0]) not in taken}


def _one(schema: Schema, name: str) -> Column:
    return next(column for column in schema if column.name == name)


def _rivals(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two pairs share a column, and are not the same."""
    return one != other and (one[0] == other[0] or one[1] == other[1])


def _is_taken(pair: tuple[str, str], taken: set[tuple[int, str]]) -> bool:
    return (0, pair[0]) in taken or (1, pair[1]) in taken
