"""A model in words, for a terminal."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from jusante.app.explain import Explanation, Read, Spent
from jusante.app.guards import Warned
from jusante.cli.console import grid, out, size
from jusante.core.words import counted

WIDEST = 100
BAR = 20
LEAST_SHARE = 0.005
MOST_COLUMNS_SHOWN = 60


def print_explanation(found: Explanation) -> None:
    """What it is; what it does, step by step; what it reads; where its time goes; what the guards say."""
    console = out()
    width = min(console.width, WIDEST)
    asset = found.asset
    console.print(Text.assemble((asset.id, "bold"), (f"  {asset.kind}", "dim"), (f"  {asset.owner or ''}", "dim")))
    for line in textwrap.wrap(asset.about, width):
        console.print(Text(line))
    console.print()
    _print_steps(console, found, width)
    _print_reads(console, found.reads, width)
    _print_announced(console, found, width)
    _print_spent(console, found)
    _print_warned(console, found, width)


def _print_steps(console: Console, found: Explanation, width: int) -> None:
    if found.untold:
        console.print(Text.assemble(("! ", "yellow"), f"cannot be told: {found.untold}"))
    for part in found.parts:
        console.print(Text(part.name, "cyan"))
        for sentence in part.sentences:
            for number, line in enumerate(_wrapped(sentence, width - 2)):
                console.print(Text(("  " if number == 0 else "    ") + line))
    console.print()


def _wrapped(sentence: str, width: int) -> list[str]:
    return textwrap.wrap(sentence, width - 2, break_long_words=False, break_on_hyphens=False) or [""]


def _print_reads(console: Console, reads: Sequence[Read], width: int) -> None:
    if not reads:
        return
    names = [f"{read.table} (view)" if read.behind else read.table for read in reads]
    table = grid("reads", "rows", "size", "columns", numbers=("rows", "size"))
    taken = max(map(len, names)) + 24
    for name, read in zip(names, reads, strict=True):
        rows = f"{read.rows:,}" if read.rows is not None else "?"
        table.add_row(name, rows, size(read.bytes), Text(_columns(read, max(width - taken, 16)), "dim"))
    console.print(table)
    console.print()


def _print_announced(console: Console, found: Explanation, width: int) -> None:
    """What will change of what it reads."""
    for made in found.announced:
        when = f"{made.begin:%Y-%m-%d %H:%M} to {made.end:%Y-%m-%d %H:%M} UTC"
        said = f"{made.subject}: {made.change} from {when}, {made.sentence}"
        for number, line in enumerate(_wrapped(said, width - 2)):
            console.print(Text.assemble(("○ " if number == 0 else "  ", "cyan"), line))
    if found.announced:
        console.print()


def _columns(read: Read, width: int) -> str:
    told = ", ".join(read.columns) or "none: it counts the rows"
    return "\n".join(textwrap.wrap(told, width, break_long_words=False)[:4])


def _print_spent(console: Console, found: Explanation) -> None:
    if not found.spent:
        console.print(Text("time  not measured yet: jusante explain --run, or the next run of it", "dim"))
        console.print()
        return
    table = grid("time goes to", "", "%", "ms", "rows", numbers=("%", "ms", "rows"))
    rest = [spent for spent in found.spent if spent.share < LEAST_SHARE]
    for spent in found.spent:
        if spent.share >= LEAST_SHARE:
            table.add_row(*_row(spent))
    if rest:
        whole = Spent(f"{counted(len(rest), 'more step')}", sum(s.share for s in rest), sum(s.seconds for s in rest), 0)
        table.add_row(*_row(whole)[:-1], "")
    console.print(table)
    console.print(Text(f"measured {'in ' if found.measured.startswith('run') else ''}{found.measured}", "dim"))
    console.print()


def _row(spent: Spent) -> tuple[str | Text, ...]:
    bar = "█" * max(round(spent.share * BAR), 0)
    return spent.what, Text(bar, "green"), f"{spent.share:.0%}", f"{spent.seconds * 1000:,.1f}", f"{spent.rows:,}"


def _print_warned(console: Console, found: Explanation, width: int) -> None:
    if not found.warned:
        console.print(Text.assemble(("✓ ", "green"), "no guard has anything to say"))
    for warned, sized in found.warned:
        colour = "dim" if warned.reason else "red" if warned.policy == "refuse" else "yellow"
        lines = list(_warning(warned, sized.told(warned.found.measures) if sized else ""))
        for number, (label, line) in enumerate(lines):
            for first, piece in enumerate(
                textwrap.wrap(line, width - 7, break_long_words=False, break_on_hyphens=False)
            ):
                head = label if first == 0 else ""
                console.print(Text.assemble((f"{head:<6}", f"bold {colour}" if number == 0 else "dim"), piece))


def _warning(warned: Warned, sized: str) -> Iterator[tuple[str, str]]:
    yield warned.found.code, warned.found.what
    yield "  at", str(warned.place)
    for fact in warned.found.facts:
        yield "  has", fact
    if sized:
        yield "  now", sized
    if warned.reason:
        yield "  ok", f"allowed: {warned.reason}"
    elif warned.problem.fix:
        yield "  fix", warned.problem.fix


def print_rules(rules: Sequence[Any], *, at_length: bool) -> None:
    """Rules of the guards: one at length, or all by title."""
    console = out()
    if not at_length:
        table = grid("rule", "by default", "what it finds")
        for rule in rules:
            table.add_row(rule.code, rule.policy, rule.title)
        console.print(table)
        console.print(
            Text("\njusante explain --rule J160 tells why; `guards: {J160: warn}` in jusante.yaml decides", "dim")
        )
        return
    width = min(console.width, WIDEST)
    for rule in rules:
        console.print(Text.assemble((rule.code, "bold"), f"  {rule.title}", (f"  {rule.policy} by default", "dim")))
        for text in (rule.why, rule.instead):
            console.print("\n" + "\n".join(textwrap.wrap(text, width)))
