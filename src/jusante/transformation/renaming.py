"""A column's new name in a query, written in where the old one stands: all else in the text stays as it is.

What a query gives keeps its names (`total` becomes `amount as total`), so that its readers need no change. Only what
comes by a star bears the new name, and is told.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from jusante.core.names import quote
from jusante.transformation.sql_analysis import DIALECT, parsed

_PLAIN = re.compile(r"[A-Za-z_]\w*")
ColumnsOf = Callable[[str], Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters `start` to `end` of a text, and what comes in their place."""

    start: int
    end: int
    text: str


@dataclass(slots=True)
class Rewritten:
    """The edits of a query's text; the columns that it gives under another name now; what a person has to look at."""

    edits: list[Edit] = field(default_factory=list)
    gives: dict[str, str] = field(default_factory=dict)
    unsure: list[str] = field(default_factory=list)


def rename(text: str, table: str, names: Mapping[str, str], columns_of: ColumnsOf) -> Rewritten:
    """Where the query in a text speaks of a table's columns, the edits that give them their new names (old → new)."""
    return _Renaming(text, table.lower(), {old.lower(): new for old, new in names.items()}, columns_of).done()


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits made."""
    for edit in sorted(edits, key=lambda each: each.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def written(name: str) -> str:
    """A name as SQL takes it: in quotes only where it needs them."""
    return name if _PLAIN.fullmatch(name) else quote(name)


class _Renaming:
    def __init__(self, text: str, table: str, names: Mapping[str, str], columns_of: ColumnsOf) -> None:
        self._text = text
        self._table = table
        self._names = names
        self._columns_of = columns_of
        self._changed: dict[int, dict[str, str]] = {}
        self._seen: set[int] = set()
        self._done = Rewritten()

    def done(self) -> Rewritten:
        """The edits of the whole query."""
        tree = parsed(self._text)
        if tree.find(exp.Pivot) or tree.find(exp.Columns):
            self._done.unsure.append("PIVOT or COLUMNS(…): which columns it names depends on the table")
            return self._done
        scopes = list(traverse_scope(tree))
        for scope in scopes:
            self._changed[id(scope.expression)] = self._scope(scope)
        self._done.gives = self._changed[id(scopes[-1].expression)] if scopes else {}
        return self._done

    def _scope(self, scope: Scope) -> dict[str, str]:
        """Edit one SELECT; the columns that it gives under another name."""
        expression = scope.expression
        if isinstance(expression, exp.SetOperation):
            return self._set_operation(expression)
        if not isinstance(expression, exp.Select):
            return {}
        for column in self._own_columns(scope):
            self._column(scope, expression, column)
        for join in expression.args.get("joins") or ():
            for identifier in join.args.get("using") or ():
                self._using(scope, identifier)
        return self._by_star(scope, expression)

    def _set_operation(self, operation: exp.SetOperation) -> dict[str, str]:
        left, right = (self._inside(side) for side in (operation.this, operation.expression))
        if operation.args.get("by_name") and left != right:
            self._done.unsure.append("UNION BY NAME: one side gives a column under its new name, the other does not")
        return left

    def _inside(self, query: exp.Expr) -> dict[str, str]:
        while isinstance(query, exp.Subquery | exp.Paren):
            query = query.this
        return self._changed.get(id(query), {})

    @staticmethod
    def _own_columns(scope: Scope) -> Iterator[exp.Column]:
        """The columns that stand in this SELECT, not those of the SELECTs in it."""
        for column in scope.columns:
            if column.find_ancestor(exp.Select) is scope.expression:
                yield column

    def _renamed_in(self, source: object) -> Mapping[str, str]:
        """The columns of a source that bear another name now."""
        if isinstance(source, Scope):
            return self._changed.get(id(source.expression), {})
        if isinstance(source, exp.Table) and f"{source.db}.{source.name}".lower() == self._table:
            return self._names
        return {}

    def _column(self, scope: Scope, select: exp.Select, column: exp.Column) -> None:
        name = column.name.lower()
        source = self._source(scope, column, name)
        new = self._renamed_in(source).get(name) if source is not None else None
        if new is None or id(column) in self._seen:
            return
        self._seen.add(id(column))
        if not column.table and self._is_alias(select, column, name):
            return
        is_given = column.parent is select and column.arg_key == "expressions"
        self._edit(column.this, f"{written(new)} as {written(column.name)}" if is_given else written(new))

    def _source(self, scope: Scope, column: exp.Column, name: str) -> object | None:
        """The source of a column, here or further out; None where it is none that changes."""
        here: Scope | None = scope
        while here is not None:
            if column.table:
                found = next((s for alias, s in here.sources.items() if alias.lower() == column.table.lower()), None)
                if found is not None:
                    return found
            else:
                holding = [source for source in self._joined(here) if self._may_have(source, name)]
                if len(holding) > 1 and any(self._renamed_in(source).get(name) for source in holding):
                    sure = [source for source in holding if self._has(source, name)]
                    if len(sure) == 1:
                        return sure[0]
                    self._done.unsure.append(f"{column.sql(DIALECT)}: more than one table may have it")
                    return None
                if holding:
                    return holding[0]
            here = here.parent
        return None

    @staticmethod
    def _joined(scope: Scope) -> list[object]:
        return [source for _, source in scope.selected_sources.values()]

    def _may_have(self, source: object, name: str) -> bool:
        return self._has(source, name) is not False

    def _has(self, source: object, name: str) -> bool | None:
        """Whether a source has a column; None where that is not known."""
        if name in self._renamed_in(source):
            return True
        if isinstance(source, Scope):
            query = source.expression
            named = getattr(query, "named_selects", ())
            return name in {each.lower() for each in named} or (None if getattr(query, "is_star", False) else False)
        if isinstance(source, exp.Table) and source.db:
            columns = self._columns_of(f"{source.db}.{source.name}")
            return None if columns is None else name in {each.lower() for each in columns}
        return None

    @staticmethod
    def _is_alias(select: exp.Select, column: exp.Column, name: str) -> bool:
        """Whether ORDER BY means what the query gives, which keeps its name."""
        order = select.args.get("order")
        is_in_order = order is not None and column.find_ancestor(exp.Order) is order
        return is_in_order and name in {each.alias_or_name.lower() for each in select.expressions}

    def _using(self, scope: Scope, identifier: exp.Identifier) -> None:
        if any(self._renamed_in(source).get(identifier.name.lower()) for source in self._joined(scope)):
            self._done.unsure.append(f"USING ({identifier.name}): the other table keeps its name; write ON")

    def _by_star(self, scope: Scope, select: exp.Select) -> dict[str, str]:
        """What a star gives under another name; names in its EXCLUDE are edited."""
        given: dict[str, str] = {}
        for projection in select.expressions:
            star = projection if isinstance(projection, exp.Star) else projection.this
            if not isinstance(star, exp.Star):
                continue
            table = projection.table.lower() if isinstance(projection, exp.Column) else ""
            for alias, (_, source) in scope.selected_sources.items():
                if table and alias.lower() != table:
                    continue
                given |= self._starred(star, self._renamed_in(source))
        return given

    def _starred(self, star: exp.Star, renamed: Mapping[str, str]) -> dict[str, str]:
        left = dict(renamed)
        for part in (*(star.args.get("except_") or ()), *(star.args.get("except") or ())):
            if new := left.pop(part.name.lower(), None):
                self._edit(part.this if isinstance(part, exp.Column) else part, written(new))
        for part in star.args.get("replace") or ():
            if part.alias_or_name.lower() in left:
                self._done.unsure.append(f"* REPLACE (… as {part.alias_or_name}): it must bear the new name")
        return left

    def _edit(self, identifier: exp.Expr, text: str) -> None:
        place = self._place(identifier)
        if place is None:
            self._done.unsure.append(f"{identifier.name}: it could not be found in the text")
        else:
            self._done.edits.append(Edit(*place, text))

    def _place(self, identifier: exp.Expr) -> tuple[int, int] | None:
        """Where an identifier stands, quotes included."""
        start = identifier.meta.get("start")
        if start is None:
            return None
        for spelled in (quote(identifier.name), identifier.name):
            for begin in (start, start - 1):
                if begin >= 0 and self._text[begin : begin + len(spelled)] == spelled:
                    return begin, begin + len(spelled)
        return None
