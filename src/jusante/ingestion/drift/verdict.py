"""What a load does about what changed: pure, from findings and what the project says of the table."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from jusante.core.drift import Finding
from jusante.core.schema import Column, Schema
from jusante.core.source import SourceTable
from jusante.ingestion.drift.pairing import Pairing


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a load does.

    `held`: the columns, as they are called here, that wait for a decision. `whole`: why the table waits as a whole.
    `left_out`: columns of the source that are not taken in. `renamed`: columns of the table that get another name.
    `set_aside`: columns whose rows go to quarantine where a value does not fit. `anew`: all must be read again.
    """

    findings: tuple[Finding, ...] = ()
    held: Mapping[str, Finding] = field(default_factory=dict)
    whole: tuple[Finding, ...] = ()
    left_out: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)
    set_aside: frozenset[str] = frozenset()
    anew: bool = False

    @property
    def notices(self) -> tuple[str, ...]:
        """What was followed, for whoever reads the run's report."""
        waiting = {*self.held.values(), *self.whole}
        return tuple(sentence(finding) for finding in self.findings if finding not in waiting)


def decide(findings: tuple[Finding, ...], pairing: Pairing, table: SourceTable, names: Mapping[str, str]) -> Verdict:
    """What is done about each finding.

    `pairing` tells which columns of the source they are about, and `names` what those are called here.
    """
    held: dict[str, Finding] = {}
    whole: list[Finding] = []
    left_out: set[str] = set()
    for finding in findings:
        if not finding.waits:
            continue
        if finding.change == "key" or _is_vital(finding, table):
            whole.append(finding)
            continue
        held.setdefault(finding.column, finding)  # a rename is told before the type that changed with it
        left_out |= _left_out(finding, pairing, names)
    return Verdict(
        findings=findings,
        held=held,
        whole=tuple(whole),
        left_out=frozenset(left_out),
        renamed={f.column: names.get(f.to, f.to) for f in findings if f.to and _is_followed(f) and _gets_name(f)},
        set_aside=frozenset(f.column for f in findings if f.change == "retyped" and f.policy == "quarantine"),
        anew=any(_is_followed(f) and _needs_all(f) for f in findings),
    )


def sentence(finding: Finding) -> str:
    """A finding that was followed, for a person."""
    match finding.change:
        case "added":
            return f"column {finding.column} ({finding.after}) is new at the source: followed"
        case "dropped":
            return f"column {finding.column} is gone at the source: followed"
        case "renamed":
            return f"column {finding.column} is called {finding.to} at the source now: followed"
        case "retyped" if finding.policy == "quarantine":
            return f"column {finding.column} changed from {finding.before} to {finding.after}: what does not fit is set aside"
        case "retyped":
            return (
                f"column {finding.column} changed from {finding.before} to {finding.after}: {finding.how or 'followed'}"
            )
        case "reordered":
            return f"columns came in another order ({finding.after}), which is harmless: they are read by name"
        case "nullable":
            return (
                f"column {finding.column} {finding.after} at the source now"
                if finding.after.startswith("may")
                else f"column {finding.column} is {finding.after} at the source now"
            )
    return f"{finding.before}: {finding.after}"


def _is_followed(finding: Finding) -> bool:
    return not finding.waits and finding.policy == "evolve"


def _needs_all(finding: Finding) -> bool:
    """Whether rows that are here already must be read again, because their columns are others now."""
    if finding.change == "retyped":
        return finding.how == "incompatible"
    return _gets_name(finding)


def _gets_name(finding: Finding) -> bool:
    """Whether a column gets another name here."""
    return finding.change == "renamed" and finding.how not in {"in case only", "mapped"}


def _is_vital(finding: Finding, table: SourceTable) -> bool:
    """Whether a table cannot be loaded without the column: rows are told apart by it, or it must not slip in unseen.

    Without a key the last good values of a column cannot be put to their rows.
    """
    name = finding.column.lower()
    person = table.subject.column if table.subject else ""
    vital = {each.lower() for each in (*table.key, table.ingest.cursor or "", person)}
    sensitive = table.rule(name).is_hidden
    keeps = finding.change != "added"
    return keeps and (not table.key or name in vital or sensitive)


def _left_out(finding: Finding, pairing: Pairing, names: Mapping[str, str]) -> set[str]:
    """The columns of the source that a held finding keeps out."""
    match finding.change:
        case "added":
            return {c.name for c in pairing.fresh if names.get(c.name, c.name) == finding.column}
        case "renamed":
            return {finding.to} if finding.to else set()
        case "retyped":
            of = (m for m in pairing.matches if names.get(m.before.name, m.before.name) == finding.column)
            return {match.after.name for match in of}
    return set()


def remembered(before: Schema, now: Schema, pairing: Pairing, verdict: Verdict, names: Mapping[str, str]) -> Schema:
    """The columns that the next load is held against: as they are now, but for those that wait as they were."""
    out = {name.lower() for name in verdict.left_out}
    partners = {match.before.name: match.after for match in pairing.matches}
    aside = {partners[c.name].name: c for c in before if names.get(c.name, c.name) in verdict.set_aside}
    columns: list[Column] = [
        replace(column, type=aside[column.name].type) if column.name in aside else column
        for column in now
        if column.name.lower() not in out
    ]
    for place, column in enumerate(before):
        partner = partners.get(column.name)
        is_out = partner is None or partner.name.lower() in out
        if names.get(column.name, column.name) in verdict.held and is_out:
            columns.insert(min(place, len(columns)), column)
    return Schema(tuple(columns), now.keys)
