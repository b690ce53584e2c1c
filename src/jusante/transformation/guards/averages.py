"""J172, J173: aggregates that are not what they seem."""

from collections.abc import Iterator

from sqlglot import exp

from jusante.transformation.guards.subject import Found, Subject
from jusante.transformation.row_growth.blame import shown
from jusante.transformation.row_growth.conditions import bare, first_line
from jusante.transformation.row_growth.query import Seen
from jusante.transformation.row_growth.select import groups_of


def average_of_averages(subject: Subject) -> Iterator[Found]:
    """avg of a column that is an average already."""
    for seen in subject.analysis.seen:
        for node in seen.select.find_all(exp.Avg):
            attribute = seen.joined.attribute(bare(node.this)) if node.this is not None else None
            relation = seen.joined.relations.get(attribute[0]) if attribute else None
            if attribute and relation and attribute[-1] in relation.averages:
                yield Found(
                    "J172",
                    f"{node.sql('duckdb')} averages {attribute[-1]}, which is an average",
                    first_line(node),
                    "keep sum and count, and divide at the end",
                )


def counted_absence(subject: Subject) -> Iterator[Found]:
    """count(*) by columns of the left side of a left join that may find nothing."""
    for seen in subject.analysis.seen:
        for step in seen.joined.steps:
            if step.kind != "left join" or step.keeps_before or step.alias not in seen.joined.nullable:
                continue
            if len(seen.joined.steps) > 1 or not _groups_before(seen, step.alias):
                continue
            for node in seen.select.find_all(exp.Count):
                if isinstance(node.this, exp.Star) and node.find_ancestor(exp.Select, exp.Window) is seen.select:
                    name = shown(step.alias, seen.joined.relations[step.alias])
                    yield Found(
                        "J173",
                        f"count(*) is 1 where {name} has nothing",
                        step.line,
                        f"count a column of {step.alias}",
                    )


def _groups_before(seen: Seen, alias: str) -> bool:
    groups = groups_of(seen.select)
    return bool(groups) and all(alias not in {c.table for c in each.find_all(exp.Column)} for each in groups or ())
