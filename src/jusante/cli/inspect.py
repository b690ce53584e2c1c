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
    from jusante.cli.console import marked, out, print_json, tell_problems
    from jusante.core.words import counted

    project, problems = app.check(folder, environment)
    errors = any(problem.severity == "error" for problem in problems)
    if as_json:
        print_json({"problems": [problem.as_dict() for problem in problems]})
    elif problems:
        tell_problems(problems)
    elif project:
        out().print(marked("✓", "green", f"{counted(len(project.graph), 'asset')}, nothing wrong. Next: jusante plan"))
    sys.exit(2 if errors else 0)


@click.command()
@click.argument("select", nargs=-1, shell_complete=asset_names)
@click.option("--ask", is_flag=True, help="Ask the sources first what changed in their shape.")
@project_options
def plan(select: tuple[str, ...], ask: bool, folder: Path, environment: str | None, as_json: bool) -> None:
    """What a run would do, why, and what it breaks for whom.

    Asks no source: what depends on one is told as such, and what waits for a decision as the last run found it. With
    --ask, sources are asked what changed since.
    """
    import datetime as dt

    from jusante.app.backfilling import with_intervals
    from jusante.app.budgets import allowance, as_dict, estimated
    from jusante.app.drift import drift, held, would_wait
    from jusante.app.guards import foreseen_growth
    from jusante.cli.console import err, out, print_json
    from jusante.cli.plan import print_plan, tell_budgets

    with opened(folder, environment) as lake:
        with err().status("asking the sources" if ask else "looking"):
            found = drift(lake.system).found if ask else held(lake.system)
            tasks = with_intervals(lake, lake.plan(select, holds=would_wait(found, dt.datetime.now(dt.UTC))))
            growth = foreseen_growth(lake.system, [task.asset for task in tasks if task.action in {"build", "check"}])
        tasks = estimated(lake.system, tasks)
        over = allowance(lake.system, [task.asset for task in tasks if not task.held], dt.datetime.now(dt.UTC))
        if as_json:
            guards = [warned.problem.as_dict() | {"now": told} for warned, told in growth]
            print_json(
                {
                    "tasks": [task.as_dict() for task in tasks],
                    "guards": guards,
                    "budgets": [as_dict(each) for each in over.passed],
                }
            )
        else:
            print_plan(out(), tasks, found, growth, lake.project.graph, select)
            tell_budgets(out(), over)
