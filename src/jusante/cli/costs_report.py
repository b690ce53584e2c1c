"""What things cost, for people."""

from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from jusante.app.spending import NOBODY, By, Line, Spending
from jusante.app.waste import Found
from jusante.architecture.cost.attributing import PERSON
from jusante.cli.bars import bar, sparkline
from jusante.cli.console import grid, marked, size
from jusante.core.money import column, dollars
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
    shown = _last_days(lines) if by == "day" else lines[:LINES_SHOWN]
    console.print()
    console.print(_table(shown, by, console.width))
    if len(shown) == LINES_SHOWN < len(lines):
        more = "days before" if by == "day" else "more"
        console.print(Text(f"and {len(lines) - len(shown):,} {more}; --json has all of them", "dim"))
    if by == "asset":
        console.print(Text("\nNext: jusante costs --by dashboard, jusante costs --waste", "dim"))


def _last_days(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The latest days, from the first one on that cost something."""
    first = next((number for number, line in enumerate(lines) if line.full), len(lines) - 1)
    return lines[first:][-LINES_SHOWN:]


def _month(spending: Spending) -> Decimal:
    """What a month costs if it goes on like this. A ledger younger than the time asked for counts from its first day."""
    days = [day for day, usd in spending.days.items() if usd]
    length = (spending.until.date() - min(days)).days + 1 if days else 1
    return spending.total / length * 30


def _table(lines: tuple[Line, ...], by: By, width: int) -> Table:
    if by == "asset":
        return _assets(lines, width)
    own, full = column([line.own for line in lines]), column([line.full for line in lines])
    has_both = by == "owner"
    headers = ["what they make", "made for them"] if has_both else ["cost"]
    table = grid(by, *headers, "", numbers=tuple(headers))
    largest = max(line.full for line in lines)
    for line, made, borne in zip(lines, own, full, strict=True):
        name = Text(line.name, "dim" if line.name == NOBODY else "")
        table.add_row(name, made, *([borne] if has_both else []), Text(bar(line.full, largest, _BAR_CELLS), "cyan"))
    return table


def _assets(lines: tuple[Line, ...], width: int) -> Table:
    """What each takes itself, and in full: with its share of all that it is made of."""
    wide = width > _NARROW
    own, full = column([line.own for line in lines]), column([line.full for line in lines])
    more = ["read", "stored", "times"] if wide else ["stored"]
    table = grid("asset", "cost", "", "in full", "CPU", *more, numbers=("cost", "in full", "CPU", *more))
    largest = max(line.own for line in lines)
    for line, cost, in_full in zip(lines, own, full, strict=True):
        name = line.name.removeprefix(PERSON)
        label = Text.assemble(name, (" asks", "dim")) if line.kind == "person" else Text(name)
        stored = size(line.stored) if line.stored else ""
        read = size(line.usage.bytes_scanned) if line.usage.bytes_scanned else ""
        rest = [read, stored, f"{line.times:,}"] if wide else [stored]
        drawn = Text(bar(line.own, largest, _BAR_CELLS if wide else 4), "cyan")
        table.add_row(label, cost, drawn, in_full, f"{line.usage.cpu_seconds:,.1f} s", *rest)
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
        console.print(marked("✓", "green", "nothing is paid for nothing, as far as can be told."))
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
