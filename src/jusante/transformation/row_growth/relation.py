"""What is known of the rows of a table, a subquery or a query: its keys, and what it repeats."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from jusante.transformation.row_growth.dependencies import ROW, Attribute, Rule, column, part

Key = frozenset[str]
"""Columns of which no two rows agree in all; the empty key says that there is one row at the most."""

MOST_KEYS = 16


@dataclass(frozen=True, slots=True)
class Blame:
    """The join that repeats rows: `repeated` come once for each row of `by` that matches them.

    `repeated_keys` and `by_keys` are the known keys of the two sides, `on` the columns of each that the condition compares.
    `line` counts from 1 within the query of `model`, None for the query at hand. `by_table` and `repeated_table` are the
    tables behind the two sides, where they are tables.
    """

    repeated: str
    by: str
    kind: str
    condition: str
    line: int
    repeated_keys: tuple[Key, ...] = ()
    by_keys: tuple[Key, ...] = ()
    on: tuple[tuple[str, str], ...] = ()
    repeated_alias: str = ""
    by_alias: str = ""
    repeated_table: str | None = None
    by_table: str | None = None
    model: str | None = None
    is_plain: bool = False

    @property
    def is_proven(self) -> bool:
        """Whether the keys that are known say that rows are repeated; else no key of `by` is known at all."""
        return bool(self.by_keys) or self.kind in {"cross join", "unnest"}


@dataclass(frozen=True, slots=True)
class Relation:
    """The rows of something that can stand in FROM.

    `owners` says of each column whose rows its values belong to: a part that is repeated, or (ROW) the relation's own rows.
    `blames` says of each part what repeats it. `rules` are dependencies among columns, parts and ROW, beyond those of
    `keys`. `is_open`: it may have columns that are not known.
    """

    name: str
    owners: Mapping[str, Attribute] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()
    blames: Mapping[Attribute, Blame] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    filled: frozenset[str] = frozenset()
    types: Mapping[str, str] = field(default_factory=dict)
    averages: frozenset[str] = frozenset()
    is_open: bool = False
    table: str | None = None

    def all_rules(self) -> Iterable[Rule]:
        """Every dependency of the relation, those of its keys included."""
        yield frozenset({ROW}), frozenset((*self.blames, *(column(c) for c, o in self.owners.items() if o == ROW)))
        for owner in self.blames:
            yield frozenset({owner}), frozenset(column(name) for name, each in self.owners.items() if each == owner)
        for key in self.keys:
            yield frozenset(column(name) for name in key), frozenset({ROW})
        yield from self.rules

    def owner(self, name: str) -> Attribute:
        """Whose rows a column's values belong to."""
        return self.owners.get(name.lower(), ROW)

    def has(self, name: str) -> bool | None:
        """Whether there is such a column; None where that is not known."""
        return True if name.lower() in self.owners else None if self.is_open else False


def smallest(keys: Iterable[Key]) -> tuple[Key, ...]:
    """The keys without those that hold another one, the shortest first, a bounded number of them."""
    found: list[Key] = []
    for key in sorted(set(keys), key=lambda each: (len(each), sorted(each))):
        if not any(other <= key for other in found):
            found.append(key)
    return tuple(found[:MOST_KEYS])


def table_of(
    name: str,
    columns: Mapping[str, str] | None,
    keys: Iterable[Iterable[str]],
    *,
    declared: Iterable[str] = (),
    filled: Iterable[str] = (),
) -> Relation:
    """A table by its columns with their types (None where they are not known yet) and the keys it is tested for."""
    known = dict.fromkeys((each.lower() for each in (columns if columns is not None else declared)), ROW)
    return Relation(
        name=name,
        owners=known,
        keys=smallest(frozenset(each.lower() for each in key) for key in keys),
        filled=frozenset(each.lower() for each in filled),
        types={each.lower(): kind for each, kind in (columns or {}).items()},
        is_open=columns is None,
        table=name,
    )


def merged(relation: Relation, keys: Iterable[Iterable[str]]) -> Relation:
    """A relation that is tested for these keys as well."""
    more = (frozenset(each.lower() for each in key) for key in keys)
    return Relation(
        relation.name,
        relation.owners,
        smallest([*relation.keys, *more]),
        relation.blames,
        relation.rules,
        relation.filled,
        relation.types,
        relation.averages,
        relation.is_open,
        relation.table,
    )


__all__ = ["Blame", "Key", "Relation", "merged", "part", "smallest", "table_of"]
