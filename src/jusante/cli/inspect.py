"""`jusante check` and `plan`: looking, without touching."""

import sys
from pathlib import Path

import click

from jusante.cli.options import asset_names, opened, project_options


@click.command()
@project_options
def check(folder: Path, environment: str | None, as_json: bool) -> None:
    """Find all that is wrong in a project, at once, each with file and line. Touches no data."""
    from jusante import app
    from jusante.cli.console import out, print_json, tell_problems
    from jusante.core.words import counted

    project, problems = app.check(folder, environment)
    errors = any(problem.severity == "error" for problem in problems)
    if as_json:
        print_json({"problems": [problem.as_dict() for problem in problems]})
    elif problems:
        tell_problems(problems)
    elif project:
        out().print(f"[green]✓[/] {counted(len(project.graph), 'asset')}, nothing wrong. Next: jusante plan")
    sys.exit(2 if errors else 0)


@click.command()
@click.argument("select", nargs=-1, shell_complete=asset_names)
@project_options
def plan(select: tuple[str, ...], folder: Path, environment: str | None, as_json: bool) -> None:
    """What a run would do, and why. Asks no source: what depends on one is told as such."""
    from jusante.cli.console import grid, out, print_json, tell
    from jusante.core.words import counted

    with opened(folder, environment) as lake:
        from jusante.app.guards import foreseen_growth

        tasks = lake.plan(select)
        total = sum(asset.is_made for asset in lake.project.graph)
        growth = foreseen_growth(lake.system, [task.asset for task in tasks if task.action in {"build", "check"}])
    if as_json:
        guards = [warned.problem.as_dict() | {"now": told} for warned, told in growth]
        print_json({"tasks": [task.as_dict() for task in tasks], "guards": guards})
        return
    console = out()
    table = grid("", "asset", "does", "why")
    for task in tasks:
        style = "" if task.certain else "dim"
        table.add_row("●" if task.certain else "○", task.asset, task.action, task.why, style=style)
    if tasks:
        console.print(table)
    for warned, told in growth:
        problem = warned.problem
        what = f"{problem.what}{f'. Now {told}' if told else ''}"
        console.print()
        tell(
            console, problem.code, what, problem.where, problem.fix, "red" if problem.severity == "error" else "yellow"
        )
    sure = sum(task.certain for task in tasks)
    maybe = len(tasks) - sure
    console.print(
        f"\n{counted(sure, 'task')} to do, {maybe:,} more if sources have news, {total - len(tasks):,} up to date"
    )
