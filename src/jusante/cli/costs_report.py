"""What things cost, for people."""

from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from jusante.app.spending import By, Line, Spending
from jusante.app.waste import Found
from jusante.architecture.cost.attributing import PERSON
from jusante.cli.bars import bar, sparkline
from jusante.cli.console import grid, size
from jusante.core.money import dollars
from jusante.core.words import counted

LINES_SHOWN = 40
_NARROW = 90
_BAR_CELLS = 12


def print_costs(console: Console, name: str, spending: Spending, by: By) -> None:
    """The whole, day by day as a line of bars; then one view of it."""
    days = list(spending.days.values())
    drawn = sparkline(days, max(8, min(60, console.width - 62)))
    console.print(
        Text.assemble(
            (name, "bold"), f"  {spending.since:%Y-%m-%d} to {spending.until:%Y-%m-%d}  ", (drawn, "cyan"), "  "
        )
        + Text.assemble((dollars(spending.total), "bold"), (f", {dollars(_month(spending))} a month", "dim"))
    )
    lines = spending.grouped(by)
    if not lines:
        console.print("\nNothing was measured yet. Next: jusante run")
        return
    console.print()
    console.print(_table(lines[:LINES_SHOWN], by, console.width))
    if len(lines) > LINES_SHOWN:
        console.print(Text(f"and {len(lines) - LINES_SHOWN:,} more; --json has all of them", "dim"))
    if spending.until - spending.since and by == "asset":
        console.print(Text("\nNext: jusante costs --by dashboard, jusante costs --waste", "dim"))


def _month(spending: Spending) -> Decimal:
    """What a month costs if it goes on like this. A ledger younger than the time asked for counts from its first day."""
    days = [day for day, usd in spending.days.items() if usd]
    length = (spending.until.date() - min(days)).days + 1 if days else 1
    return spending.total / length * 30


def _table(lines: tuple[Line, ...], by: By, width: int) -> Table:
    if by == "asset":
        return _assets(lines, width)
    has_both = by == "owner"
    table = grid(
        by,
        "what they make" if has_both else "cost",
        *(["made for them"] if has_both else []),
        "",
        numbers=("cost", "what they make", "made for them"),
    )
    largest = max(line.full for line in lines)
    for line in lines:
        name = Text(line.name, "dim" if line.name == "nobody" else "")
        money = [dollars(line.own), *([dollars(line.full)] if has_both else [])]
        table.add_row(name, *money, Text(bar(line.full, largest, _BAR_CELLS), "cyan"))
    return table


def _assets(lines: tuple[Line, ...], width: int) -> Table:
    wide = width > _NARROW
    numbers = ("cost", "with all above", "CPU", "read", "stored", "times")
    table = grid(
        *("asset", "cost", "", "with all above", "CPU"),
        *(("read", "stored", "times") if wide else ("stored",)),
        numbers=numbers,
    )
    largest = max(line.own for line in lines)
    for line in lines:
        name = line.name.removeprefix(PERSON)
        label = Text.assemble(name, (" (questions)", "dim")) if line.kind == "person" else Text(name)
        cells: list[str | Text] = [dollars(line.own), Text(bar(line.own, largest, _BAR_CELLS if wide else 6), "cyan")]
        more = [size(line.usage.bytes_scanned) if line.usage.bytes_scanned else ""] if wide else []
        times = [f"{line.times:,}"] if wide else []
        stored = size(line.stored) if line.stored else ""
        table.add_row(label, *cells, dollars(line.full), f"{line.usage.cpu_seconds:,.1f} s", *more, stored, *times)
    return table


def print_waste(console: Console, found: Found) -> None:
    """Each finding with what it costs a month and how to stop it."""
    for waste in found.waste:
        console.print(
            Text.assemble((WORDS[waste.kind], "bold yellow"), "  ", (waste.asset, "bold"))
            + Text(f"  {dollars(waste.usd_per_month)} a month")
        )
        console.print(Text.assemble(("  why  ", "dim"), waste.what))
        console.print(Text.assemble(("  fix  ", "dim"), waste.fix))
    if found.waste:
        console.print(Text(f"\n{counted(len(found.waste), 'finding')}, {dollars(found.usd_per_month)} a month", "bold"))
    else:
        console.print("[green]✓[/] nothing is paid for nothing, as far as can be told.")
    if found.is_early:
        days = counted(found.age_days, "day")
        console.print(
            Text(f"It is too early to say what nobody reads: the ledger is {days} old, and 30 are needed.", "dim")
        )


WORDS = {
    "unread": "nobody reads it",
    "too_often": "made too often",
    "duplicate": "twice there",
    "small_files": "small files",
    "row_by_row": "row by row",
}
