"""J164, J168: filters that read all files, or never hold."""

from collections.abc import Iterator

from sqlglot import exp

from jusante.core.asset import Ingested
from jusante.core.model import PythonModel, SqlModel
from jusante.transformation.guards.subject import Found, Subject
from jusante.transformation.row_growth.conditions import bare, conjuncts, first_line
from jusante.transformation.row_growth.query import Seen

_COMPARISONS = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between)
_TIMES = {"date", "timestamp", "timestamptz"}


def unpruned(subject: Subject) -> Iterator[Found]:
    """A filter on a function or a cast of the column with the time, in place of the column."""
    for seen in subject.analysis.seen:
        where = seen.select.args.get("where")
        for condition in conjuncts(where.this if where is not None else None):
            if not isinstance(condition, _COMPARISONS):
                continue
            wrapped, bound = bare(condition.this), condition.args.get("expression")
            if bound is not None and wrapped.find(exp.Column) is None:
                wrapped, bound = bare(bound), condition.this
            column = _wrapped_time(subject, seen, wrapped)
            if column and (bound is None or bound.find(exp.Column) is None):
                yield Found(
                    "J164",
                    f"the filter {condition.sql('duckdb')} compares {wrapped.sql('duckdb')}, not {column} itself: "
                    "no file can be skipped",
                    first_line(condition),
                    f"compare {column} with the first and the last time that is meant",
                )


def _wrapped_time(subject: Subject, seen: Seen, node: exp.Expr) -> str:
    """The column with a time that stands in a function or a cast; empty where there is none, or it stands alone."""
    if isinstance(node, exp.Column) or not isinstance(node, exp.Func):
        return ""
    columns = list(node.find_all(exp.Column))
    if len(columns) != 1 or node.find(exp.AggFunc, exp.Window, exp.Query):
        return ""
    attribute = seen.joined.attribute(columns[0])
    relation = seen.joined.relations.get(attribute[0]) if attribute else None
    if attribute is None or relation is None or relation.table is None or relation.table not in subject.graph:
        return ""
    is_time = relation.types.get(attribute[-1]) in _TIMES or attribute[-1] == _time_of(subject, relation.table)
    return columns[0].sql("duckdb") if is_time else ""


def _time_of(subject: Subject, table: str) -> str:
    match subject.graph[table].definition:
        case Ingested(table=source):
            return (source.ingest.cursor or "").lower()
        case SqlModel(header=header) | PythonModel(header=header):
            return (header.time or "").lower()
    return ""


def not_in_null(subject: Subject) -> Iterator[Found]:
    """`not in (select …)` of a column that nothing keeps from being null."""
    by_select = {id(seen.select): seen for seen in subject.analysis.seen}
    for seen in subject.analysis.seen:
        for node in seen.select.find_all(exp.Not):
            inner = bare(node.this)
            query = inner.args.get("query") if isinstance(inner, exp.In) else None
            if query is None or inner.find_ancestor(exp.Select) is not seen.select:
                continue
            select = query.this if isinstance(query, exp.Subquery) else query
            asked = by_select.get(id(select))
            if asked is not None and not _is_filled(asked):
                yield Found(
                    "J168",
                    f"{node.sql('duckdb')} is never true once {asked.select.expressions[0].sql('duckdb')} is null",
                    first_line(node),
                    "write not exists, or add `is not null` to the query inside",
                )


def _is_filled(asked: Seen) -> bool:
    if len(asked.select.expressions) != 1:
        return True
    node = bare(asked.select.expressions[0])
    if isinstance(node, exp.Literal | exp.Count):
        return True
    attribute = asked.joined.attribute(node)
    if attribute is None:
        return False
    relation = asked.joined.relations.get(attribute[0])
    is_sure = relation is not None and attribute[-1] in relation.filled and attribute[0] not in asked.joined.nullable
    return is_sure or attribute in asked.joined.solid
