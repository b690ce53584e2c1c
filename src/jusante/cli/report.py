"""How a run went, for people."""

from rich.console import Console
from rich.text import Text

from jusante.app import Report
from jusante.cli.console import MARKS, grid, out, tell_place
from jusante.core.money import dollars
from jusante.core.run import Task
from jusante.core.words import counted

VERBS = {"ingest": "loaded", "build": "built", "check": "checked", "serve": "rendered", "skip": "left"}


def print_report(report: Report) -> None:
    """The tasks that did something, what was noticed, what failed and how to mend it, and a closing line."""
    console = out()
    if report.recovered:
        console.print(
            f"Put right what {counted(len(report.recovered), 'run')} that died had left: {', '.join(report.recovered)}",
            style="dim",
        )
    done = [task for task in report.tasks if task.status != "skipped"]
    if not done and report.status == "running":
        console.print(f"Nothing has ended in it yet ({report.seconds:.1f} s).")
        return
    if not done:
        left = sum(task.status == "skipped" for task in report.tasks)
        console.print(f"Nothing is stale: {counted(left, 'asset')} up to date ({report.seconds:.1f} s).")
        _print_incidents(console, report)
        return
    _print_tasks(console, done)
    _print_notices(console, report.tasks)
    for notice in report.notices:
        console.print(Text.assemble(("! ", "yellow"), notice))
    _print_errors(console, report.tasks)
    console.print(closing(report))
    _print_incidents(console, report)


def _print_incidents(console: Console, report: Report) -> None:
    if report.incidents:
        from jusante.cli.incident_report import tell_news

        tell_news(console, report.incidents)


def _print_tasks(console: Console, tasks: list[Task]) -> None:
    table = grid("", "asset", "rows", "s", "why", numbers=("rows", "s"))
    for task in tasks:
        mark, colour = MARKS[task.status]
        rows = f"{task.rows_out:,}" if task.rows_out is not None else ""
        table.add_row(Text(mark, colour), task.asset, rows, f"{task.seconds:.1f}", Text(_why(task), "dim"))
    console.print(table)


def _why(task: Task) -> str:
    if task.status == "held" and task.error is None:
        return ", ".join(part.partition(":")[0] for part in task.reason.split("; needs "))
    return task.reason if task.status == "succeeded" else task.status


def _print_notices(console: Console, tasks: tuple[Task, ...]) -> None:
    noticed: dict[str, list[str]] = {}
    for task in tasks:
        for notice in task.notices:
            noticed.setdefault(notice, []).append(task.asset)
    if noticed:
        console.print()
    for notice, assets in noticed.items():
        console.print(Text.assemble(("! ", "yellow"), (", ".join(sorted(assets)), "bold"), "  ", notice))


def _print_errors(console: Console, tasks: tuple[Task, ...]) -> None:
    """Each error once, with all assets that it befell: a source that is down fails all of its tables alike."""
    befell: dict[tuple[str, str, str, str], list[Task]] = {}
    for task in tasks:
        if task.error:
            words = (task.error["code"], task.error["what"], task.error["where"], task.error["fix"])
            befell.setdefault(words, []).append(task)
    for (code, what, where, fix), alike in befell.items():
        colour = MARKS[alike[0].status][1]
        names = ", ".join(sorted(task.asset for task in alike))
        console.print()
        console.print(Text.assemble((code, f"bold {colour}"), " ", (names, "bold"), "  ", what))
        tell_place(console, where, fix)


def closing(report: Report) -> Text:
    """The last line: how many of each, how long, and the run's name."""
    counts = []
    for status, word in (("succeeded", "made"), ("held", "held back"), ("failed", "failed")):
        number = sum(task.status == status for task in report.tasks)
        if number:
            counts.append(f"{number} {word}")
    current = sum(task.status == "skipped" and not task.reason.startswith("left as it was") for task in report.tasks)
    left = sum(task.reason.startswith("left as it was") for task in report.tasks)
    counts += [f"{current} up to date"] if current else []
    counts += [f"{left} left as {'it was' if left == 1 else 'they were'}"] if left else []
    costs = [task.cost_usd for task in report.tasks if task.cost_usd and task.status != "skipped"]
    colour = {"succeeded": "green", "partial": "yellow", "running": "cyan"}.get(report.status, "red")
    return Text.assemble(
        "\n",
        (report.status, f"bold {colour}"),
        f"  {', '.join(counts)} in {report.seconds:.1f} s{f', {dollars(sum(costs))}' if costs else ''}",
        (f"  {report.run_id}", "dim"),
    )
