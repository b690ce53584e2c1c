"""What changed in a source's shape, as findings: each rule looks at one thing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jusante.core.drift import Finding
from jusante.core.schema import Column, Schema, widens
from jusante.core.source import Drift
from jusante.ingestion.drift.agreement import Measure
from jusante.ingestion.drift.pairing import Match, Pairing, paired


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared: the columns as they were and as they are, at the source, and what the project says of them.

    `decided` are renames that somebody accepted (before → now). `cast` are columns whose type the project fixes.
    `key` is the table's key, and `names` what columns are called here where that is another name than there.
    `declared` are columns that the project speaks of: it wants them.
    """

    table: str
    before: Schema
    now: Schema
    policies: Drift
    key: tuple[str, ...] = ()
    decided: Mapping[str, str] = field(default_factory=dict)
    cast: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()

    def here(self, name: str) -> str:
        """What a column of the source is called here."""
        return self.names.get(name, name)


def compare(asked: Comparison, measure: Measure) -> tuple[tuple[Finding, ...], Pairing]:
    """All that changed, the gravest first, and which column is which. `measure` is asked only where names do not tell."""
    pairing = paired(asked.before, asked.now, asked.decided, measure)
    found = [
        *_key(asked),
        *_dropped(asked, pairing),
        *_renamed(asked, pairing),
        *_retyped(asked, pairing),
        *_nullable(asked, pairing),
        *_added(asked, pairing),
        *_reordered(asked, pairing),
    ]
    return tuple(found), pairing


def _dropped(asked: Comparison, pairing: Pairing) -> Iterator[Finding]:
    for column in pairing.gone:
        likely = pairing.likely.get(column.name)
        how = f"perhaps it is called {likely[0]} now ({likely[1]:.0%})" if likely else ""
        yield Finding(asked.table, asked.here(column.name), "dropped", asked.policies.drop, before=column.type, how=how)


def _added(asked: Comparison, pairing: Pairing) -> Iterator[Finding]:
    for column in pairing.fresh:
        is_wanted = column.name in asked.names or column.name.lower() in asked.declared
        policy = "evolve" if is_wanted else asked.policies.add
        yield Finding(asked.table, asked.here(column.name), "added", policy, after=column.type)


def _renamed(asked: Comparison, pairing: Pairing) -> Iterator[Finding]:
    for match in pairing.matches:
        if match.before.name == match.after.name:
            continue
        how = _rename_of(asked, match)
        policy = "evolve" if how else asked.policies.rename
        yield Finding(
            asked.table,
            asked.here(match.before.name),
            "renamed",
            policy,
            match.before.type,
            match.after.type,
            to=match.after.name,
            confidence=match.confidence,
            how=how,
        )


def _rename_of(asked: Comparison, match: Match) -> str:
    """Why a rename waits for nobody; empty where it is news."""
    before, after = match.before.name, match.after.name
    if before.lower() == after.lower():
        return "in case only"
    if asked.here(before) == asked.here(after):
        return "mapped"
    accepted = {name.lower(): now.lower() for name, now in asked.decided.items()}
    return "accepted" if accepted.get(before.lower()) == after.lower() else ""


def _retyped(asked: Comparison, pairing: Pairing) -> Iterator[Finding]:
    for match in pairing.matches:
        how = type_change(match.before.type, match.after.type)
        if not how:
            continue
        is_cast = match.after.name.lower() in asked.cast
        policy = "evolve" if is_cast or how != "incompatible" else asked.policies.type
        yield Finding(
            asked.table,
            asked.here(match.before.name),
            "retyped",
            policy,
            match.before.type,
            match.after.type,
            how="cast as declared" if is_cast else how,
        )


def type_change(before: str, after: str) -> str:
    """widened: each value of before is one of after, and files stay. narrowed: the reverse. Else incompatible; or empty."""
    if before == after:
        return ""
    if widens(before, after):
        return "widened"
    return "narrowed" if widens(after, before) else "incompatible"


def _nullable(asked: Comparison, pairing: Pairing) -> Iterator[Finding]:
    """A column that may be empty now, or no longer. It is told, and followed: checks say whether it matters."""
    words = {True: "may be empty", False: "always filled"}
    for match in pairing.matches:
        if match.before.nullable != match.after.nullable:
            before, after = words[match.before.nullable], words[match.after.nullable]
            yield Finding(asked.table, asked.here(match.before.name), "nullable", "evolve", before, after)


def _key(asked: Comparison) -> Iterator[Finding]:
    """The source kept the table's key unique and filled, and no longer does: rows of one key would replace each other."""
    key = frozenset(name.lower() for name in asked.key)
    if key and key in _lower(asked.before) and key not in _lower(asked.now):
        others = sorted(asked.now.keys, key=lambda kept: len(tuple(kept)))
        after = ", ".join(others[0]) if others else "nothing"
        if all(asked.now.find(name) for name in asked.key):
            yield Finding(
                asked.table, "", "key", asked.policies.key, ", ".join(asked.key), f"the source keeps {after} unique"
            )


def _lower(schema: Schema) -> set[frozenset[str]]:
    return {frozenset(name.lower() for name in key) for key in schema.keys}


def _reordered(asked: Comparison, pairing: Pairing) -> Iterator[Finding]:
    """Columns are read by name, so another order changes nothing; it is told, since readers by position would break."""
    old = [m.after.name for c in asked.before if (m := _match(c, pairing))]
    staying = set(old)
    new = [column.name for column in asked.now if column.name in staying]
    if old != new:
        moved = [name for was, name in zip(old, new, strict=True) if was != name]
        yield Finding(
            asked.table,
            "",
            "reordered",
            "evolve",
            before=", ".join(asked.here(name) for name in old if name in moved),
            after=", ".join(moved),
            how="harmless: columns are read by name",
        )


def _match(column: Column, pairing: Pairing) -> Match | None:
    return next((match for match in pairing.matches if match.before.name == column.name), None)
