"""What happens to the shop of the demo once it runs: acts, played in front of whoever watches."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from jusante.app import Lake, Report
from jusante.cli.console import err, out

if TYPE_CHECKING:
    from jusante.demo.generate import Shop


RULE = 72


def drift_act(folder: Path, shop: "Shop", *, finish: bool) -> Report:
    """The source changes, the plan tells whom it hits, the run holds what it must; in the end all is green again."""
    from jusante.demo import drift_act
    from jusante.demo.play import begin_act, systems

    console, report = out(), None
    with err().status("starting its PostgreSQL and its social network") as status, systems(folder, shop):
        status.stop()
        if not (folder / ".jusante" / "catalog.db").exists():
            scene(console, "The shop runs for the first time.", "jusante run")
            run(folder)
        if drift_act.play(folder):
            begin_act(folder, "drift")
            _tell_statements(console, drift_act.STATEMENTS)
            scene(console, "Before a row is loaded, the plan tells whom this hits.", "jusante plan --ask")
            _plan(console, folder)
            scene(console, "The run holds what must be held, and publishes the rest.", "jusante run")
            report = run(folder)
        if finish:
            return _finish(console, folder, drift_act.CHOSEN)
        if report is None:
            scene(console, "The database has been changed before: what waits, waits on.", "jusante run")
            report = run(folder)
    _tell_commands(console, folder, drift_act.CHOSEN)
    return report


def _finish(console: Console, folder: Path, columns: tuple[str, ...]) -> Report:
    from jusante.app.drift_decisions import accept
    from jusante.cli.drift import conclude

    scene(console, "Two commands make all green again.", accept_command(columns))
    with Lake.open(folder) as lake:
        conclude(lake, accept(lake.system, columns), write=True, as_json=False)
    console.print()
    console.print(Text("$ jusante run", "bold cyan"))
    return run(folder)


def accept_command(columns: tuple[str, ...]) -> str:
    """The first of the two commands."""
    return f"jusante drift accept {' '.join(columns)} --write"


def scene(console: Console, words: str, command: str) -> None:
    """What happens next, and the command that shows it."""
    console.print()
    console.print(Text("─" * RULE, "dim"))
    console.print(Text(words, "bold"))
    if command:
        console.print(Text(f"$ {command}", "bold cyan"))
    console.print()


def _tell_statements(console: Console, statements: tuple[str, ...]) -> None:
    console.print()
    console.print(Text("─" * RULE, "dim"))
    console.print(Text("One morning the backend team changes the order system, and tells nobody.", "bold"))
    console.print()
    for statement in statements:
        console.print(Text(f"  {statement};", "magenta"))


def _plan(console: Console, folder: Path) -> None:
    import datetime as dt

    from jusante.app.drift import drift, would_wait
    from jusante.cli.plan import print_plan

    with Lake.open(folder) as lake, err().status("asking the sources"):
        found = drift(lake.system).found
        tasks = lake.plan(holds=would_wait(found, dt.datetime.now(dt.UTC)))
    print_plan(console, tasks, found, (), lake.project.graph)


def run(folder: Path) -> Report:
    """`jusante run`, with all that it tells."""
    from jusante.cli.progress import following
    from jusante.cli.report import print_report

    with Lake.open(folder) as lake, following(lake.project.graph, ()) as listener:
        report = lake.run(listener=listener, wait_seconds=5)
    print_report(report)
    return report


def _tell_commands(console: Console, folder: Path, columns: tuple[str, ...]) -> None:
    console.print()
    console.print(Text("─" * RULE, "dim"))
    console.print(Text("Two commands make all green again:", "bold"))
    console.print()
    console.print(Text(f"  {accept_command(columns)}", "bold cyan"))
    console.print(Text("  jusante run", "bold cyan"))
    console.print()
    console.print(Text.assemble("To see them do it: ", (f"jusante demo {folder} --act drift --finish", "bold")))
