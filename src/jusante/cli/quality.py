"""`jusante quality`: how good tables are, and how they have been."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jusante.cli.options import asset_names, opened, project_options

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from jusante.dataops.quality import Quality, Score

WIDE = 96
STRIP = 12
MOST_NAMED = 5
TRENDS = {"better": ("↗", "green"), "worse": ("↘", "red"), "steady": (" ", "dim")}
SHORT = {"accurate": "acc.", "complete": "compl.", "timely": "timely", "findable": "find.", "defined": "def."}


@click.command()
@click.argument("select", nargs=-1, shell_complete=asset_names)
@project_options
def quality(select: tuple[str, ...], folder: Path, environment: str | None, as_json: bool) -> None:
    """How good tables are, by dimension, and how their audits went.

    Accurate: values are as checks say. Complete: nothing is missing. Timely: fresh, and there by its deadline. Findable: it
    has an owner and is described. Defined: it is what its key, grain and source say. SELECT as in `jusante run`.
    """
    from jusante.app.quality import qualities
    from jusante.cli.console import out, print_json
    from jusante.dataops.quality import scored, total

    now = dt.datetime.now(dt.UTC)
    with opened(folder, environment) as lake:
        found = qualities(lake, select)
    if as_json:
        everything = {name: scored(score) for name, score in total(found).items()}
        print_json({"dimensions": everything, "assets": [each.as_dict(now) for each in found]})
        return
    console = out()
    if not found:
        console.print("There are no tables here yet. Next: jusante init, jusante run")
        return
    _print_table(console, found, now)
    _print_failures(console, found, now)
    _print_odd(console, found)
    _print_wanting(console, found)


def _print_table(console: "Console", found: Sequence["Quality"], now: dt.datetime) -> None:
    from rich.text import Text

    from jusante.cli.fitting import fitted
    from jusante.dataops.quality import total
    from jusante.management.quality.told import DIMENSIONS

    wide = console.width >= WIDE
    header = ["", *(DIMENSIONS if wide else map(SHORT.__getitem__, DIMENSIONS))]
    lines = [[each.asset, *(_share(each.dimensions[name]) for name in DIMENSIONS)] for each in found]
    lines.append(["all", *(_share(score) for score in total(found).values())])
    if wide:
        header += ["set aside", "made"]
        more = [[f"{each.rows_aside:,}" if each.rows_aside else "", _ago(each.made, now)] for each in found]
        lines = [[*line, *extra] for line, extra in zip(lines, [*more, ["", ""]], strict=True)]
    strip = max(len("audits"), *(min(len(each.history), STRIP) + 2 for each in found))
    rows = fitted([header, *lines], console.width - strip - 2)
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for number, (row, raw) in enumerate(zip(rows, [header, *lines], strict=True)):
        text = Text(no_wrap=True, overflow="ellipsis")
        for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
            padded = cell.ljust(width) if column == 0 else cell.rjust(width)
            style = "dim" if not number else _style(raw[column]) if 0 < column <= len(DIMENSIONS) else ""
            text.append(padded + "  ", style)
        if number == 0:
            text.append("audits", "dim")
        elif number <= len(found):
            _append_strip(text, found[number - 1])
        text.rstrip()
        text.stylize("bold" if number == len(rows) - 1 else "")
        console.print(text)


def _append_strip(text: "Text", quality: "Quality") -> None:
    """The last audits, the newest to the right: as high as the share of checks that held."""
    for audit in quality.history[-STRIP:]:
        share = audit.score.share
        if share is None or share == 1:
            text.append("█" if not audit.rows_aside else "▆", "green" if not audit.rows_aside else "yellow")
        else:
            text.append("▁▂▃▄▅"[min(4, int(5 * share))], "red")
    mark, colour = TRENDS[quality.trend]
    text.append(f" {mark}", colour)


def _share(score: "Score") -> str:
    return f"{score.held}/{score.asked}" if score.asked else "–"


def _style(cell: str) -> str:
    held, _, asked = cell.partition("/")
    return "dim" if not asked else "green" if held == asked else "yellow" if int(held) else "red"


def _print_failures(console: "Console", found: Sequence["Quality"], now: dt.datetime) -> None:
    """The last check of each table that did not hold; those of the last audit first."""
    from rich.text import Text

    from jusante.cli.console import tell_beside

    failed = [each for each in found if each.last_failure]
    if not failed:
        return
    console.print()
    failed.sort(key=lambda each: each.last_failure.at if each.last_failure else now, reverse=True)
    for each in failed:
        failure = each.last_failure
        assert failure
        going_on = bool(each.history) and each.history[-1].at == failure.at
        rows = f" in {failure.failed_rows:,} of {failure.rows:,} rows" if failure.failed_rows else ""
        mark, colour = ("✗", "red") if going_on else ("·", "dim")
        what = f"{each.asset}  {failure.check}: did not hold{rows}"
        ago = f", {_ago(failure.at, now)} ago"
        tell_beside(console, Text(f"{mark} ", colour), Text.assemble(what, (ago, "dim")))


def _print_odd(console: "Console", found: Sequence["Quality"]) -> None:
    """The columns whose values are not what they usually are."""
    from rich.padding import Padding
    from rich.text import Text

    from jusante.ingestion.data_drift import sentence

    odd = [each for each in found if each.odd]
    if odd:
        console.print()
    for each in odd:
        console.print(Text.assemble(("≠ ", "yellow"), f"{each.asset}  not what it usually is"))
        for finding in each.odd[:MOST_NAMED]:
            console.print(Padding(Text(sentence(finding), "dim"), (0, 0, 0, 4), expand=False))
        if len(each.odd) > MOST_NAMED:
            console.print(Padding(Text(f"and {len(each.odd) - MOST_NAMED} more: --json", "dim"), (0, 0, 0, 4)))


def _print_wanting(console: "Console", found: Sequence["Quality"]) -> None:
    """What is missing beside checks, with the tables it is missing of."""
    from rich.padding import Padding
    from rich.text import Text

    groups: dict[str, list[str]] = {}
    for each in found:
        for what in each.wanting:
            groups.setdefault(what, []).append(each.asset)
    if groups:
        console.print()
    for what, names in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        console.print(Text(f"{what[:1].upper()}{what[1:]}", style="dim"))
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        console.print(Padding(Text(", ".join(names[:MOST_NAMED]) + more), (0, 0, 0, 2)))


def _ago(moment: dt.datetime | None, now: dt.datetime) -> str:
    if moment is None:
        return "never"
    seconds = max(0.0, (now - moment).total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} s"
