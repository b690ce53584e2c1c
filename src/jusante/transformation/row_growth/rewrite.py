"""How to write a query so that a join repeats nothing: filter, aggregate first, or keep one row each."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from jusante.core.names import quote, quote_table
from jusante.transformation.row_growth.conditions import first_line
from jusante.transformation.row_growth.relation import Blame
from jusante.transformation.row_growth.select import Inflated

_AGAIN = {exp.Sum: "sum", exp.Count: "sum", exp.CountIf: "sum", exp.Min: "min", exp.Max: "max"}
"""What aggregates the aggregates of parts to that of the whole."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """`why` in words, the piece of SQL that takes the join's place, and the whole SELECT with it in place."""

    why: str
    piece: str
    sql: str


def rewrite(found: Inflated) -> Rewrite | None:
    """A SELECT that gives what was meant, as far as one can be written by rule: the join is plain, its columns equal."""
    blame, select = found.blame, found.select
    if select is None or blame.model is not None or not (blame.is_plain and blame.on and blame.by_table):
        return None
    join = _join(select, blame)
    if join is None or len(list(_conditions(join))) != len(blame.on):
        return None
    used = list(_used(select, join, blame.by_alias))
    if not used:
        return _filtered(select, join, blame)
    calls = [_call(each) for each in used]
    if all(call is not None for call in calls):
        return _aggregated(select, join, blame, [call for call in calls if call is not None])
    rest = [sorted(key - {theirs for _, theirs in blame.on}) for key in blame.by_keys]
    return _first(select, join, blame, rest[0]) if rest and rest[0] else None


def _join(select: exp.Select, blame: Blame) -> exp.Join | None:
    for join in select.args.get("joins") or ():
        if join.this.alias_or_name == blame.by_alias and first_line(join.this) == blame.line:
            return join if join.args.get("on") is not None else None
    return None


def _conditions(join: exp.Join) -> Iterator[exp.Expr]:
    on = join.args["on"]
    yield from on.flatten() if isinstance(on, exp.And) else [on]


def _used(select: exp.Select, join: exp.Join, alias: str) -> Iterator[exp.Column]:
    for node in select.find_all(exp.Column):
        if node.table == alias and node.find_ancestor(exp.Join) is not join:
            yield node


def _call(column: exp.Column) -> exp.Expr | None:
    """The aggregate of one side alone that a column stands in, if it can be computed in two steps."""
    call = column.find_ancestor(*_AGAIN)
    if call is None or isinstance(call.this, exp.Distinct) or isinstance(call.parent, exp.Filter | exp.Window):
        return None
    return call if {each.table for each in call.find_all(exp.Column)} == {column.table} else None


def _filtered(select: exp.Select, join: exp.Join, blame: Blame) -> Rewrite:
    changed = select.copy()
    _the_same(changed, select, join).pop()
    table, alias = quote_plain(blame.by_table or ""), blame.by_alias
    if blame.kind == "left join":
        return Rewrite(f"nothing of {blame.by} is used", "leave the join out", changed.sql("duckdb"))
    exists = f"exists (select 1 from {table} as {alias} where {join.args['on'].sql('duckdb')})"
    why = f"{blame.by} only filters"
    return Rewrite(why, f"where {exists}", changed.where(exists, dialect="duckdb").sql("duckdb"))


def _aggregated(select: exp.Select, join: exp.Join, blame: Blame, calls: list[exp.Expr]) -> Rewrite:
    changed, alias = select.copy(), blame.by_alias
    keys = ", ".join(plain(theirs) for theirs in dict.fromkeys(theirs for _, theirs in blame.on))
    names = _names(calls)
    inner = ", ".join([keys, *(f"{text} as {plain(name)}" for text, name in names.items())])
    piece = f"(select {inner} from {quote_plain(blame.by_table or '')} as {alias} group by {keys}) as {alias}"
    for call in list(changed.find_all(*_AGAIN)):
        text = call.sql("duckdb")
        if text in names:
            call.replace(exp.maybe_parse(f"{_again(call)}({alias}.{plain(names[text])})", dialect="duckdb"))
    _place(_the_same(changed, select, join), piece)
    on = join.args["on"].sql("duckdb")
    return Rewrite(f"aggregate {blame.by} first", f"{blame.kind} {piece} on {on}", changed.sql("duckdb"))


def _names(calls: list[exp.Expr]) -> dict[str, str]:
    """A name for each aggregate, by its text; numbered where two would bear the same."""
    names = {call.sql("duckdb"): _name(call) for call in calls}
    twice = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {text: f"{name}_{n}" if name in twice else name for n, (text, name) in enumerate(names.items(), 1)}


def _first(select: exp.Select, join: exp.Join, blame: Blame, rest: list[str]) -> Rewrite:
    changed = select.copy()
    keys = ", ".join(plain(theirs) for theirs in dict.fromkeys(theirs for _, theirs in blame.on))
    order = ", ".join(f"{plain(name)} desc" for name in rest)
    piece = (
        f"(select * from {quote_plain(blame.by_table or '')} "
        f"qualify row_number() over (partition by {keys} order by {order}) = 1) as {blame.by_alias}"
    )
    _place(_the_same(changed, select, join), piece)
    on = join.args["on"].sql("duckdb")
    why = f"keep one row of {blame.by} each, such as the last"
    return Rewrite(why, f"{blame.kind} {piece} on {on}", changed.sql("duckdb"))


def _the_same(changed: exp.Select, select: exp.Select, join: exp.Join) -> exp.Join:
    """The copy of a join in a copy of its SELECT."""
    found: exp.Join = changed.args["joins"][select.args["joins"].index(join)]
    return found


def _place(join: exp.Join, piece: str) -> None:
    parsed: exp.Expr = exp.maybe_parse(f"select 1 from {piece}", dialect="duckdb")
    start = parsed.find(exp.From)
    assert start is not None
    join.set("this", start.this)


def _again(call: exp.Expr) -> str:
    return next(name for kind, name in _AGAIN.items() if isinstance(call, kind))


def _name(call: exp.Expr) -> str:
    columns = sorted({each.name for each in call.find_all(exp.Column)})
    return "_".join([call.key if not isinstance(call, exp.Sum) else "", *columns]).strip("_")


def plain(name: str) -> str:
    """A name as a person would write it: in quotes only where it needs them."""
    return name if name.isidentifier() and name.isascii() and name == name.lower() else quote(name)


def quote_plain(table: str) -> str:
    """A table's name, in quotes only where it needs them."""
    space, _, name = table.partition(".")
    return f"{plain(space)}.{plain(name)}" if name else quote_table(table)
