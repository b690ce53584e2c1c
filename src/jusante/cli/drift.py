"""`jusante drift`: what changed at the sources, whom it touches, and what is to be done about it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jusante.cli.announcing import announce, announced, withdraw
from jusante.cli.options import opened, project_options

if TYPE_CHECKING:
    from jusante.app import Lake
    from jusante.app.drift import Drift
    from jusante.app.drift_decisions import Decision
    from jusante.core.graph import Graph


class _ShowsByDefault(click.Group):
    """`jusante drift sales` is `jusante drift show sales`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it, with `show` where no other command is named."""
        if not args or (args[0] not in self.commands and args[0] not in {"-h", "--help"}):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_ShowsByDefault)
def drift() -> None:
    """What changed at the sources since the last load, whom it touches, and what is to be done about it."""


@drift.command()
@click.argument("source", required=False)
@project_options
def show(source: str | None, folder: Path, environment: str | None, as_json: bool) -> None:
    """Ask the sources, all or SOURCE, what changed since the last load. Loads nothing. `jusante drift` alone does this.

    What its owner has announced is marked, with by whom and what for; so is what was announced for another time.
    Ends with 1 where somebody has to decide, or where a source could not be asked.
    """
    from jusante.app.drift import drift as find
    from jusante.cli.console import err, print_json

    with opened(folder, environment) as lake:
        with err().status("asking the sources"):
            found = find(lake.system, source)
        if as_json:
            print_json(found.as_dict())
        else:
            _tell(found, lake.project.graph)
    sys.exit(1 if found.waiting or found.unasked else 0)


def _tell(found: "Drift", graph: "Graph") -> None:
    from jusante.cli.blast import tell_found
    from jusante.cli.console import marked, out, tell
    from jusante.core.words import counted

    console = out()
    tell_found(console, found.found, graph)
    for name, error in found.unasked:
        tell(console, error.code, f"{name} could not be asked: {error.what}", error.where, error.fix, "red")
        console.print()
    asked = f"{counted(found.tables, 'table')} asked in {found.seconds:.1f} s"
    if not found.found and not found.unasked:
        console.print(marked("✓", "green", f"nothing changed at the sources: {asked}"))
        return
    waiting, followed = len(found.waiting), len(found.found) - len(found.waiting)
    decide = f"{counted(waiting, 'change')} {'waits' if waiting == 1 else 'wait'} for a decision"
    planned = sum(each.by is not None for each in found.found)
    known = f", {planned} of them announced" if planned else ""
    console.print(f"{decide}, {followed} {'is' if followed == 1 else 'are'} followed{known}; {asked}")


@drift.command()
@click.argument("columns", metavar="TABLE.COLUMN...", nargs=-1, required=True)
@click.option("--write", is_flag=True, help="Make the edits; without it they are only shown.")
@project_options
def accept(columns: tuple[str, ...], write: bool, folder: Path, environment: str | None, as_json: bool) -> None:
    """Follow the source: a new name, a new type, a column that is gone or new, other data. Shows the edit of each file.

    After a rename the column keeps its values and history, and what reads it is edited to read it under its new name.
    """
    from jusante.app.drift_decisions import accept as decide

    with opened(folder, environment) as lake:
        conclude(lake, decide(lake.system, columns), write=write, as_json=as_json)


@drift.command("map")
@click.argument("column", metavar="TABLE.COLUMN")
@click.argument("expression")
@click.option("--write", is_flag=True, help="Make the edits; without it they are only shown.")
@project_options
def map_(column: str, expression: str, write: bool, folder: Path, environment: str | None, as_json: bool) -> None:
    """Keep the column as it is here, and read it from EXPRESSION: another column's name there, or SQL over its columns.

    `jusante drift map sales.orders.total 'try_cast(total as decimal(12,2))'`
    """
    from jusante.app.drift_decisions import map_to

    with opened(folder, environment) as lake:
        conclude(lake, map_to(lake.system, column, expression), write=write, as_json=as_json)


@drift.command()
@click.argument("column", metavar="TABLE.COLUMN")
@click.argument("reason")
@project_options
def reject(column: str, reason: str, folder: Path, environment: str | None, as_json: bool) -> None:
    """Refuse the change, with the REASON: its owner is told again, and what needs the column waits on."""
    import datetime as dt

    from jusante.app.drift_decisions import reject as refuse
    from jusante.app.telling import notices_of
    from jusante.app.telling import tell as inform
    from jusante.cli.console import marked, out, print_json
    from jusante.core.holds import reason as told

    with opened(folder, environment) as lake:
        found = refuse(lake.system, column, reason, dt.datetime.now(dt.UTC))
        untold = inform(lake.system, notices_of(found, reason))
    if as_json:
        print_json({"rejected": [each.as_dict() for each in found], "reason": reason})
        return
    for each in found:
        out().print(
            marked(
                "‖",
                "yellow",
                f"{told(each.finding)}. {each.asset.owner or 'Nobody'} is asked to take it back: {reason}",
            )
        )
    for problem in untold:
        out().print(marked("!", "yellow", f"it could not be told by {problem}"))


for _command in (announce, announced, withdraw):
    drift.add_command(_command)


def conclude(lake: "Lake", decision: "Decision", *, write: bool, as_json: bool) -> None:
    """Show what a decision does, and do it if asked to."""
    import datetime as dt

    from jusante.cli.console import print_json

    if write:
        decision.make(lake.system, dt.datetime.now(dt.UTC))
    if as_json:
        edits = [{"file": edit.file, "diff": edit.diff} for edit in decision.shown]
        manual = [{"where": where, "what": what} for where, what in decision.manual]
        print_json({"written": write, "edits": edits, "manual": manual})
    else:
        _show(decision, write=write)


def _show(decision: "Decision", *, write: bool) -> None:
    from rich.text import Text

    from jusante.cli.console import marked, out
    from jusante.core.words import counted

    console = out()
    for edit in decision.shown:
        for line in edit.diff.splitlines():
            console.print(Text(line, _style(line)), soft_wrap=True)
        console.print()
    for where, what in decision.manual:
        console.print(Text.assemble(("! ", "yellow"), (where, "bold"), f"  {what}"))
    if decision.manual:
        console.print()
    for name in decision.measured:
        console.print(f"the data of {name} are the new level{'' if write else ', once they are accepted'}")
    files = counted(len(decision.shown), "file")
    if write:
        console.print(marked("✓", "green", f"{files} written. Next: jusante run"))
    else:
        console.print(f"{files} would change; nothing is written yet: add --write")


def _style(line: str) -> str:
    if line.startswith(("---", "+++")):
        return "bold"
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
