"""How things are told: on standard output what was asked for, on standard error the rest."""

import json
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, ConsoleRenderable, JustifyMethod, RenderHook, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from jusante.cli.documents import documents
from jusante.core.problem import Problem
from jusante.core.words import counted

MARKS = {"succeeded": ("✓", "green"), "failed": ("✗", "red"), "held": ("‖", "yellow"), "skipped": ("·", "dim")}


LEAST_WIDTH = 20
"""A text beside another one is at least as wide, however narrow the terminal is."""


WIDE = 90
"""A terminal as wide has place for all columns, and for times to the second."""
LEAST_WORD = 8
"""A column that gives way to names is at least as wide."""


def out() -> Console:
    """The console for what was asked for."""
    return _console(stderr=False)


def err() -> Console:
    """The console for everything else."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    """No text is read as markup: names, paths and errors may hold brackets. What has colours is a Text."""
    width = _width(sys.stderr if stderr else sys.stdout)
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)
    console.push_render_hook(_Trimming())
    return console


class _Trimming(RenderHook):
    """Whatever is printed ends its lines where their text ends: tables fill them with blanks."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Trimmed(each) for each in renderables]


class _Trimmed:
    def __init__(self, inner: ConsoleRenderable) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return trimmed(console.render(self._inner, options))


def trimmed(segments: Iterable[Segment]) -> Iterable[Segment]:
    """The same without blanks at the ends of lines."""
    waiting: list[Segment] = []
    for segment in segments:
        if segment.control:
            yield segment
            continue
        for number, line in enumerate(segment.text.split("\n")):
            if number:
                waiting.clear()
                yield Segment.line()
            text = line.rstrip(" ")
            if text:
                yield from waiting
                waiting.clear()
                yield Segment(text, segment.style)
            if len(text) < len(line):
                waiting.append(Segment(line[len(text) :], segment.style))
    yield from waiting


def _width(stream: TextIO) -> int | None:
    """A terminal's own width; in a file or a pipe, nothing is wrapped."""
    return None if stream.isatty() else 10_000


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    documents().write(json.dumps(document, default=str, ensure_ascii=False, indent=2) + "\n")


def tell_error(error: Any) -> None:
    """An error, or all the problems of a project."""
    problems = getattr(error, "problems", None)
    if problems:
        tell_problems(problems)
        return
    tell(err(), error.code, error.what, error.where, error.fix, "red")


def tell_problems(problems: Any) -> None:
    """Problems, one below the other, and how many there are."""
    console = err()
    for problem in problems:
        tell(console, problem.code, problem.what, problem.where, problem.fix, _colour(problem))
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    console.print(Text(f"\n{counted(errors, 'error')}, {counted(warnings, 'warning')}", style="bold"))


def _colour(problem: Problem) -> str:
    return "red" if problem.severity == "error" else "yellow"


def tell(console: Console, code: str, what: str, where: str, fix: str, colour: str) -> None:
    """Code and what; where; the fix."""
    console.print(Text.assemble((code, f"bold {colour}"), " ", what))
    tell_place(console, where, fix)


def tell_place(console: Console, where: str, fix: str) -> None:
    """Where it is, and the fix, as far as they are known."""
    for word, text in (("at", where), ("fix", fix)):
        if text:
            tell_beside(console, Text(f"  {word:<3}  ", "dim"), Text(text))


def tell_beside(console: Console, head: Text, text: Text) -> None:
    """A text beside its head: where it takes more lines, they begin below its first word."""
    for number, line in enumerate(text.wrap(console, max(console.width - len(head), LEAST_WIDTH))):
        line.rstrip()
        console.print(head if number == 0 else Text(" " * len(head)), line, sep="")


def marked(mark: str, colour: str, text: str | Text) -> Text:
    """A text behind its mark."""
    return Text.assemble((mark, colour), " ", text)


def grid(
    *headers: str, numbers: tuple[str, ...] = (), whole: tuple[str, ...] = (), names: tuple[str, ...] = ()
) -> Table:
    """A table without lines, numbers to the right. Columns in `whole` do not give way where the terminal is narrow; those in
    `names` neither, as long as all others are left a word's width.
    """
    table = _Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.names = frozenset(names)
    for header in headers:
        justify: JustifyMethod = "right" if header in numbers else "left"
        table.add_column(header, justify=justify, overflow="fold", no_wrap=header in whole)
    return table


class _Grid(Table):
    names: frozenset[str] = frozenset()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        named = [column for column in self.columns if column.header in self.names]
        fits = self._least(console, options) <= options.max_width
        for column in named:
            column.no_wrap = fits
        yield from super().__rich_console__(console, options)

    def _least(self, console: Console, options: ConsoleOptions) -> int:
        """How wide it must be for names to stay whole."""
        widths = [2 * (len(self.columns) - 1)]
        for column in self.columns:
            longest = max(Measurement.get(console, options, cell).maximum for cell in column.cells)
            stays = column.no_wrap or column.header in self.names
            widths.append(longest if stays else min(longest, LEAST_WORD))
        return sum(widths)


def size(count: float | None) -> str:
    """Bytes for people: `1.2 MB`."""
    if count is None:
        return ""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:,.0f} {unit}" if unit == "B" else f"{count:,.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"
