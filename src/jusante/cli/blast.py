"""What is about to happen to whom, for people: a change, its blast radius by owner, and the commands that decide."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from jusante.app.drift import Found
from jusante.core.blast import Touched
from jusante.core.column_graph import asset_of
from jusante.core.graph import Graph
from jusante.core.holds import reason, ways
from jusante.core.words import counted

NOBODY = "nobody"
_COLUMNS_NAMED = 2


def tell_found(console: Console, found: Iterable[Found], graph: Graph) -> None:
    """Each finding that waits as an error is told, with those whom it hits; then, a line each, what is followed."""
    found = tuple(found)
    for each in found:
        if each.waits:
            console.print(_waiting(each, graph))
            console.print()
    rest = [each for each in found if not each.waits]
    for each in rest:
        planned = Text(f"\n{each.planned}", "cyan") if each.planned else ""
        console.print(_row(Text("·", "dim"), Text.assemble((_followed(each), "dim"), planned)))
    if rest:
        console.print()


def _waiting(found: Found, graph: Graph) -> Table:
    finding = found.finding
    rows: list[tuple[RenderableType, RenderableType]] = [(Text("J210", "bold yellow"), Text(reason(finding)))]
    source = f"source {finding.table.partition('.')[0]}, table {finding.table.partition('.')[2]}"
    rows.append((_label("at"), Text.assemble(source, (f" ({found.asset.place})", "dim"))))
    if found.since:
        rows.append((_label("held"), Text(f"since {found.since[:16].replace('T', ' ')} UTC")))
    if found.planned:
        rows.append((_label("said"), Text(found.planned, "cyan")))
    rows += _hits(found.blast, graph)
    for number, way in enumerate(ways(finding)):
        rows.append((_label("or" if number else "fix"), Text(way)))
    return _rows(rows)


def _hits(blast: tuple[Touched, ...], graph: Graph) -> list[tuple[RenderableType, RenderableType]]:
    """A row for each owner, the one whose things matter most first; an owner's things follow the name."""
    owners: dict[str, list[Touched]] = {}
    for touched in blast:
        owners.setdefault(touched.owner or NOBODY, []).append(touched)
    if not owners:
        return [(_label("hits"), Text("nobody: nothing here needs it", "dim"))]
    rows: list[tuple[RenderableType, RenderableType]] = []
    for owner, things in owners.items():
        others = [shown(touched, graph) for touched in things if touched.kind != "check"]
        named = ", ".join((*others, *_checks(things, graph)))
        rows.append((_label("hits" if not rows else ""), Text.assemble((owner, "bold"), f"  {named}")))
    return rows


def shown(touched: Touched, graph: Graph) -> str:
    """Something that is touched, as its owner calls it."""
    title = graph[touched.id].title if touched.id in graph else ""
    if ":" in touched.id:
        return f"{touched.kind} {title or touched.id.partition(':')[2]}"
    if not touched.columns:
        return touched.id
    if len(touched.columns) == 1:
        return f"{touched.id}.{touched.columns[0]}"
    if len(touched.columns) <= _COLUMNS_NAMED:
        return f"{touched.id} ({', '.join(touched.columns)})"
    return f"{touched.id} ({len(touched.columns)} columns)"


def _checks(things: list[Touched], graph: Graph) -> list[str]:
    """Checks by the table that they are on: `3 checks on marts.daily_sales`."""
    names = [asset_of(each.id) for each in things if each.kind == "check"]
    tables = Counter(next((asset.id for asset in graph if name.startswith(f"{asset.id}.")), name) for name in names)
    return [f"{counted(number, 'check')} on {table}" for table, number in tables.items()]


def _followed(found: Found) -> str:
    how = found.finding.how
    return reason(found.finding) + (f" ({how})" if how and how not in reason(found.finding) else "")


def _label(word: str) -> Text:
    return Text(word, "dim")


def _row(label: RenderableType, text: RenderableType) -> Table:
    return _rows([(label, text)])


def _rows(rows: Iterable[tuple[RenderableType, RenderableType]]) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=4)
    grid.add_column()
    for row in rows:
        grid.add_row(*row)
    return grid
