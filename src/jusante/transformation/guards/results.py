"""J165, J166, J171: results that nobody has decided on."""

from collections.abc import Iterator

from sqlglot import exp

from jusante.core.model import SqlModel
from jusante.transformation.guards.subject import Found, Subject
from jusante.transformation.row_growth.conditions import first_line

_CLOCKS = (exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentTime, exp.CurrentDatetime)
_CLOCK_NAMES = {"now", "today", "get_current_timestamp", "transaction_timestamp", "current_localtimestamp"}
_RANDOM = (exp.Rand, exp.Randn, exp.Uuid, exp.TableSample)
_RANDOM_NAMES = {"random", "uuid", "gen_random_uuid", "uuidv4", "uuidv7", "nextval"}


def borrowed_star(subject: Subject) -> Iterator[Found]:
    """`select *` of an ingested table, or of a table with another owner, whose columns come out at the end."""
    if not isinstance(subject.asset.definition, SqlModel):
        return
    for name, line in dict(_starred(subject.written, {})).items():
        if name not in subject.graph:
            continue
        asset = subject.graph[name]
        if asset.kind != "ingested" and asset.owner == subject.asset.owner:
            continue
        whose = f", which is {asset.owner}'s" if asset.owner else ""
        yield Found("J165", f"takes all columns of {name}{whose}", line, "name the columns")


def _starred(query: exp.Expr, outer: dict[str, exp.Expr]) -> Iterator[tuple[str, int]]:
    """The tables whose columns a star brings out of a query, by way of subqueries."""
    while isinstance(query, exp.Subquery | exp.Paren):
        query = query.this
    with_ = query.args.get("with_") or query.args.get("with")
    inside = outer | {cte.alias.lower(): cte.this for cte in (with_.expressions if with_ is not None else ())}
    if isinstance(query, exp.SetOperation):
        yield from _starred(query.this, inside)
        yield from _starred(query.expression, inside)
        return
    stars = [each for each in query.expressions if each.is_star] if isinstance(query, exp.Select) else []
    start = query.args.get("from_") or query.args.get("from")
    sources = [start.this, *(join.this for join in query.args.get("joins") or ())] if stars and start else []
    for source in sources:
        tables = {each.table.lower() for each in stars if isinstance(each, exp.Column)}
        if any(not isinstance(each, exp.Column) for each in stars) or source.alias_or_name.lower() in tables:
            yield from _of_source(source, inside)


def _of_source(source: exp.Expr, inside: dict[str, exp.Expr]) -> Iterator[tuple[str, int]]:
    if isinstance(source, exp.Table) and source.db:
        yield f"{source.db}.{source.name}", first_line(source)
    elif isinstance(source, exp.Table) and source.name.lower() in inside:
        rest = {name: query for name, query in inside.items() if name != source.name.lower()}
        yield from _starred(inside[source.name.lower()], rest)
    elif isinstance(source, exp.Subquery):
        yield from _starred(source, inside)


def random_result(subject: Subject) -> Iterator[Found]:
    """Random values in any model; the clock in one whose rows are kept."""
    if not isinstance(subject.asset.definition, SqlModel):
        return
    for node in subject.written.walk():
        name = node.name.lower() if isinstance(node, exp.Anonymous) else ""
        clock = isinstance(node, _CLOCKS) or name in _CLOCK_NAMES
        if isinstance(node, _RANDOM) or name in _RANDOM_NAMES or (clock and subject.asset.kind == "model"):
            text = node.sql("duckdb", comments=False).strip()
            yield Found("J166", f"{text} gives another result each time", _line(node), "derive it from the data")
            return


def _line(node: exp.Expr) -> int:
    each: exp.Expr | None = node
    while each is not None:
        if any("line" in found.meta for found in each.find_all(exp.Identifier)):
            return first_line(each)
        each = each.parent
    return 1


def limit_without_order(subject: Subject) -> Iterator[Found]:
    """LIMIT where nothing says which rows come first."""
    for query in subject.written.find_all(exp.Select, exp.SetOperation):
        limited = query.args.get("limit") is not None
        if not limited or query.args.get("order") is not None or _is_asked_for_any(query):
            continue
        if query is subject.written and frozenset() in subject.analysis.relation.keys and not _limits_to_one(query):
            continue
        yield Found(
            "J171", f"{query.args['limit'].sql('duckdb').strip()} without ORDER BY", _line(query), "order by a key"
        )


def _is_asked_for_any(query: exp.Expr) -> bool:
    return query.find_ancestor(exp.Exists) is not None or _limit(query) == "LIMIT 0"


def _limits_to_one(query: exp.Expr) -> bool:
    return _limit(query) == "LIMIT 1"


def _limit(query: exp.Expr) -> str:
    return str(query.args["limit"].sql()).strip().upper()
