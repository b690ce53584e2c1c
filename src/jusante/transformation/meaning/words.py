"""Expressions in words, for people who do not read SQL."""

from sqlglot import exp

from jusante.transformation.sql_analysis import DIALECT

_SIGNS: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "−",
    exp.Mul: "×",
    exp.Div: "÷",
    exp.EQ: "is",
    exp.NEQ: "is not",
    exp.GT: "is more than",
    exp.GTE: "is at least",
    exp.LT: "is less than",
    exp.LTE: "is at most",
    exp.And: "and",
    exp.Or: "or",
}
_AGGREGATES: dict[type[exp.Expr], str] = {
    exp.Sum: "the sum of",
    exp.Avg: "the average of",
    exp.Min: "the least",
    exp.Max: "the greatest",
    exp.Median: "the median of",
}


def in_words(node: exp.Expr) -> str:  # noqa: C901, PLR0911  # a case for each kind of expression
    """An expression as a person would say it; what has no words is told in SQL."""
    sign = _SIGNS.get(type(node))
    if sign:
        return f"{in_words(node.this)} {sign} {in_words(node.args['expression'])}"
    aggregate = _AGGREGATES.get(type(node))
    if aggregate:
        return f"{aggregate} {in_words(node.this)}"
    match node:
        case exp.Column():
            return f"{node.table}.{node.name}" if node.table else node.name
        case exp.Paren():
            return f"({in_words(node.this)})"
        case exp.Count():
            return _count(node)
        case exp.Filter():
            return f"{in_words(node.this)} where {in_words(node.expression.this)}"
        case exp.Not():
            return f"not {in_words(node.this)}"
        case exp.Is() if isinstance(node.expression, exp.Null):
            return f"{in_words(node.this)} is empty"
        case exp.In() if node.expressions:
            return f"{in_words(node.this)} is one of {', '.join(in_words(each) for each in node.expressions)}"
        case exp.Literal() | exp.Boolean():
            return node.sql(DIALECT).lower() if isinstance(node, exp.Boolean) else node.sql(DIALECT)
    return _otherwise(node)


def _count(node: exp.Count) -> str:
    if isinstance(node.this, exp.Distinct):
        return f"the number of different {', '.join(in_words(each) for each in node.this.expressions)}"
    return "the number of rows" if isinstance(node.this, exp.Star) else f"the number of {in_words(node.this)}"


def _otherwise(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous) and node.name == "either":
        return " or, of other rows, ".join(in_words(each) for each in node.expressions)
    if isinstance(node, exp.Anonymous) and node.name == "given":
        conditions = " and ".join(in_words(each) for each in node.expressions[1:])
        return f"{in_words(node.expressions[0])} where {conditions}"
    if isinstance(node, exp.Anonymous) and node.name == "first_rows":
        return f"only the first {in_words(node.expressions[0])} rows"
    return node.sql(DIALECT)
