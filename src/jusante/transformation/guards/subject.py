"""What a guard looks at, and what it says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from jusante.core.asset import Asset
from jusante.core.graph import Graph
from jusante.transformation.row_growth.query import Analysis
from jusante.transformation.row_growth.relation import Blame, Relation


@dataclass(frozen=True, slots=True)
class Subject:
    """A query of an asset, as it was written and with all names resolved.

    `relation_of` tells what is known of a table or a view.
    """

    asset: Asset
    graph: Graph
    written: exp.Expr
    analysis: Analysis
    relation_of: Callable[[str], Relation]


@dataclass(frozen=True, slots=True)
class Found:
    """What a guard found: the rule, what happens here, the line within the query, and the fix.

    `facts` are for whoever wants to know why; `blame` and `measures` are those of a join that inflates.
    """

    code: str
    what: str
    line: int
    fix: str = ""
    facts: tuple[str, ...] = ()
    blame: Blame | None = None
    measures: tuple[str, ...] = ()
    rewrite: str = ""
    values: tuple[str, ...] = field(default=())


Guard = Callable[[Subject], Iterator[Found]]
