"""J162: a join gives more rows than the declared grain says."""

from collections.abc import Iterator

from sqlglot import exp

from jusante.transformation.guards.fan_out import keys
from jusante.transformation.guards.subject import Found, Subject
from jusante.transformation.row_growth.blame import blame
from jusante.transformation.row_growth.conditions import shown
from jusante.transformation.row_growth.dependencies import ROW, of
from jusante.transformation.row_growth.select import groups_of


def grain(subject: Subject) -> Iterator[Found]:
    """A declared grain that is a key of one side, whose rows the outermost joins repeat."""
    columns = {name.lower() for name in subject.asset.grain}
    outermost = next((seen for seen in subject.analysis.seen if seen.select is subject.analysis.tree), None)
    if not columns or outermost is None or outermost.select.args.get("distinct"):
        return
    if groups_of(outermost.select) is not None or any(key <= columns for key in subject.analysis.relation.keys):
        return
    joined = outermost.joined
    given = [
        joined.attribute(each)
        for each in outermost.select.expressions
        if not isinstance(each, exp.Star) and each.alias_or_name.lower() in columns
    ]
    start = [each for each in given if each is not None]
    found = joined.dependencies.closure(start)
    whole = [alias for alias in joined.relations if of(alias, ROW) in found]
    if len(start) < len(columns) or not whole:
        return
    told = blame(joined, [of(alias, ROW) for alias in whole], joined.rows - found, found)
    if told and told.by_keys:
        yield Found(
            "J162",
            f"the {told.kind} on {told.condition or 'nothing'} repeats each row of {told.repeated} for each row of {told.by}, "
            f"and the grain {shown(columns)} does not tell them apart",
            told.line,
            f"add the rest of its key to the grain, or join one row of {told.by} at the most",
            facts=(f"{told.by} has {keys(told.by_keys)}",),
            blame=told,
        )
