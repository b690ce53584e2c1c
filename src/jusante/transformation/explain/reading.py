"""Which columns of which tables a query reads."""

from sqlglot import exp

from jusante.transformation.row_growth.query import Analysis


def columns_read(analysis: Analysis) -> dict[str, tuple[str, ...]]:
    """The columns that a query reads, by table; none where it only counts the rows."""
    found: dict[str, dict[str, None]] = {}
    for seen in analysis.seen:
        for relation in seen.joined.relations.values():
            if relation.table:
                found.setdefault(relation.table, {})
        for node in seen.select.find_all(exp.Column):
            alias = seen.joined.source_of(node) if node.find_ancestor(exp.Select) is seen.select else None
            relation_here = seen.joined.relations.get(alias) if alias else None
            if relation_here is not None and relation_here.table:
                found[relation_here.table][node.name] = None
    return {table: tuple(sorted(columns)) for table, columns in sorted(found.items())}
