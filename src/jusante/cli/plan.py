"""What a run would do, for people."""

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from jusante.app.budgets import Allowance, way_out, words
from jusante.app.drift import Found
from jusante.app.guards import Warned
from jusante.cli.blast import tell_found
from jusante.cli.console import MARKS, grid, tell
from jusante.core.graph import Graph
from jusante.core.money import column, dollars
from jusante.core.words import counted
from jusante.orchestration.foresight import Foreseen
from jusante.orchestration.selection import made_among

Growth = Sequence[tuple[Warned, str]]
"""What guards say of joins, and by how much they inflate as of now, in words."""


def print_plan(
    console: Console,
    tasks: tuple[Foreseen, ...],
    found: tuple[Found, ...],
    growth: Growth,
    graph: Graph,
    wishes: tuple[str, ...] = (),
) -> None:
    """What waits and whom that hits, then the tasks: those that are certain, those that may be, those that wait.

    Last, the queries among them whose joins would inflate a figure, and by how much as of now. `wishes` are what was asked
    for: of anything else nothing is said.
    """
    tell_found(console, found, graph)
    if tasks:
        is_priced = any(task.cost_usd is not None for task in tasks)
        table = grid("", "asset", "does", *(["cost"] if is_priced else []), "why", numbers=("cost",))
        prices = column([Decimal(str(task.cost_usd or 0)) for task in tasks])
        for task, price in zip(tasks, prices, strict=True):
            mark, name, does, why = _cells(task)
            cost = [price if task.cost_usd is not None else ""] if is_priced else []
            table.add_row(mark, name, does, *cost, why, style="" if task.certain else "dim")
        console.print(table)
    for warned, now in growth:
        problem = warned.problem
        what = f"{problem.what}. Now {now}" if now else problem.what
        colour = "red" if problem.severity == "error" else "yellow"
        console.print()
        tell(console, problem.code, what, problem.where, problem.fix, colour)
    console.print(f"\n{_closing(tasks, len(made_among(graph, wishes)))}")


def _cells(task: Foreseen) -> tuple[str | Text, str, str, str]:
    if not task.held:
        return ("●" if task.certain else "○", task.asset, task.action, task.why)
    names = ", ".join(part.partition(":")[0] for part in task.why.split("; needs "))
    return (Text(*MARKS["held"]), task.asset, "waits", names)


def _closing(tasks: tuple[Foreseen, ...], chosen: int) -> str:
    held = sum(task.held for task in tasks)
    sure = sum(task.certain and not task.held for task in tasks)
    maybe = len(tasks) - sure - held
    waits = f", {held:,} held back" if held else ""
    priced = [task.cost_usd for task in tasks if task.cost_usd is not None]
    about = f", about {dollars(sum(priced))} in all" if priced else ""
    return f"{counted(sure, 'task')} to do, {maybe:,} more if sources have news{waits}, {chosen - len(tasks):,} up to date{about}"


_DONE = {"warn": "told to its owner, and made", "hold": "would be held", "refuse": "the run would be refused"}
_COLOURS = {"warn": "yellow", "hold": "yellow", "refuse": "red"}


def tell_budgets(console: Console, allowance: Allowance) -> None:
    """The tasks that would pass a budget, and what would happen to them."""
    for passed in allowance.passed:
        console.print()
        what = f"{passed.asset} is {words(passed)}: {_DONE[passed.policy]}"
        tell(console, "J425", what, passed.limit.where, way_out(passed), _COLOURS[passed.policy])
