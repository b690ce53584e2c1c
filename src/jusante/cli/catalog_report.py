"""What was found in the catalogue, and a page of it, for a terminal."""

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jusante.cli.console import grid, out
from jusante.cli.trees import COLOURS
from jusante.core.words import counted

if TYPE_CHECKING:
    from jusante.app.catalog import Page
    from jusante.core.catalog import Hit

_TITLES = {
    "term": "business terms",
    "ingested": "ingested tables",
    "model": "models",
    "view": "views",
    "step": "steps",
    "dashboard": "dashboards",
    "exposure": "exposures",
}
_NAMED = 8
"""How many neighbours are named; the rest are counted."""


def tell_hits(question: str, hits: tuple["Hit", ...]) -> None:
    """The hits by kind; kinds in the order of their best hit."""
    console = out()
    if not hits:
        console.print(f"nothing is called {question}, or speaks of it")
        return
    kinds = dict.fromkeys(hit.entry.kind for hit in hits)
    for number, kind in enumerate(kinds):
        console.print(Text(("\n" if number else "") + _TITLES.get(kind, kind), "dim"))
        for hit in (each for each in hits if each.entry.kind == kind):
            entry = hit.entry
            owner = f"  {entry.owner}" if entry.owner else ""
            console.print(Text.assemble("  ", (entry.name, f"bold {_colour(kind)}"), (owner, "dim")))
            if entry.about:
                console.print(Padding(Text(entry.about), (0, 0, 0, 4), expand=False))
            why = [f"{part} {text}" for part, text in hit.why if not (part == "description" or text == entry.name)]
            if why:
                console.print(Padding(Text("found by " + ", ".join(why), "dim"), (0, 0, 0, 4), expand=False))


def _colour(kind: str) -> str:
    return COLOURS.get(kind, "magenta")


def tell_page(page: "Page") -> None:
    """What it is, who answers for it, what it holds, where it comes from and goes to."""
    console = out()
    console.print(Text.assemble((page.id, f"bold {_colour(page.kind)}"), (f"  {page.kind}  {page.where}", "dim")))
    if page.about:
        console.print(Text(page.about))
    console.print(Padding(_facts(page), (1, 0, 0, 0), expand=False))
    if page.columns:
        console.print(Padding(_columns(page), (1, 0, 0, 0), expand=False))
    if page.meanings:
        console.print(Text("\nimplemented by", "dim"))
        for meaning in dict.fromkeys(page.meanings.values()):
            for name in (name for name, said in page.meanings.items() if said == meaning):
                console.print(Text(f"  {name}"))
            if meaning:
                console.print(Padding(Text(meaning, "dim"), (0, 0, 0, 4), expand=False))


def _facts(page: "Page") -> Table:
    """Owner, terms, freshness, neighbours, checks: a name and what there is to it."""
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in page.facts.items():
        facts.add_row(name, value)
    for name, neighbours in (("made of", page.above), ("read by", page.below)):
        if neighbours:
            facts.add_row(name, _shortened(neighbours))
    for number, check in enumerate(page.checks):
        facts.add_row("" if number else "checks", check)
    return facts


def _columns(page: "Page") -> Table:
    with_about = any(column.about for column in page.columns)
    with_notes = any(column.notes for column in page.columns)
    table = grid(
        counted(len(page.columns), "column"),
        "type",
        *(("terms and care",) if with_notes else ()),
        *(("",) if with_about else ()),
    )
    for column in page.columns:
        cells = [column.name, column.type]
        cells += [", ".join(column.notes)] if with_notes else []
        cells += [column.about] if with_about else []
        table.add_row(*cells)
    return table


def _shortened(names: tuple[str, ...]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
