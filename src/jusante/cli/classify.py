"""`jusante classify`: what may be personal data, and what somebody decides about it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jusante.cli.options import asset_names, opened, project_options

if TYPE_CHECKING:
    from jusante.app.decisions import Decision, Edit
    from jusante.security.sensitive import Finding


@click.command()
@click.argument("column", required=False, shell_complete=asset_names)
@click.option("--as", "kind", metavar="KIND", default="", help="It is personal data: email, phone, name, health …")
@click.option("--purpose", multiple=True, help="What it may be used for. Without one it is never read.")
@click.option("--mask", default="", help="drop, hash, tokenise, or '{truncate: 4}', '{generalise: year}'.")
@click.option("--not-personal", metavar="WHY", default="", help="It is none, and why.")
@click.option("--write", is_flag=True, help="Write the decision into the source file; without it, only show how.")
@project_options
def classify(  # noqa: PLR0913, PLR0917  # an option each
    column: str | None,
    kind: str,
    purpose: tuple[str, ...],
    mask: str,
    not_personal: str,
    write: bool,
    folder: Path,
    environment: str | None,
    as_json: bool,
) -> None:
    """Show the columns that may hold personal data and wait for a decision; decide on one of them.

    COLUMN is `table.column`, or a table for all of its. With --write alone each is declared as what it looks like, with no
    purpose: then it is never read. Comments and formatting of the file stay as they are.
    """
    from jusante.app.decisions import Decision, decide, findings

    decision = Decision(kind, purpose, mask, not_personal)
    _refuse_contradictions(column, decision)
    with opened(folder, environment) as lake:
        waiting = [each for each in findings(lake.system) if column in {None, each.table, each.column}]
        if kind or not_personal:
            assert column is not None
            edits = decide(lake.system, [(column, decision)])
        else:
            found = [(each.column, Decision(each.likely.kind, purpose, mask)) for each in waiting]
            edits = decide(lake.system, found) if write or purpose or mask else ()
    for edit in edits if write else ():
        edit.write()
    if as_json:
        _print_document(waiting, edits, written=write)
    elif edits:
        _tell_edits(edits, written=write)
    else:
        _tell_findings(waiting)
    sys.exit(2 if waiting and not edits else 0)


def _refuse_contradictions(column: str | None, decision: "Decision") -> None:
    from jusante.errors import UsageError

    if decision.not_personal and (decision.kind or decision.purpose or decision.mask):
        raise UsageError("a column is personal data or it is not", fix="--as KIND, or --not-personal WHY")
    if (decision.kind or decision.not_personal) and (column or "").count(".") < 2:
        raise UsageError("this decides on one column", fix="name it: jusante classify crm.people.email --as email")


def _tell_findings(waiting: "Sequence[Finding]") -> None:
    from rich.text import Text

    from jusante.cli.console import grid, marked, out
    from jusante.core.words import counted

    console = out()
    if not waiting:
        console.print(marked("✓", "green", "no column waits for a decision"))
        return
    table = grid("column", "may be", "why", "now")
    for each in waiting:
        now = Text("is read", "red") if each.is_read else Text("not read")
        table.add_row(each.column, each.likely.kind.replace("_", " "), each.likely.reason, now)
    console.print(table)
    first = waiting[0]
    console.print(f"\n{counted(len(waiting), 'column')} to decide on. For instance:")
    console.print(f"  jusante classify {first.column} --as {first.likely.kind} --purpose support --write")
    console.print(f'  jusante classify {first.column} --not-personal "why it is none" --write')
    console.print("  jusante classify --write     each is what it looks like, and is never read")


def _tell_edits(edits: "Sequence[Edit]", *, written: bool) -> None:
    from rich.text import Text

    from jusante.cli.console import out

    console = out()
    colours = {"+": "green", "-": "red"}
    for edit in edits:
        console.print(Text(edit.file, "bold"))
        for line in edit.lines:
            console.print(Text(line, colours.get(line[:1], "dim")), soft_wrap=True)
    console.print("\nWritten. Next: jusante run" if written else "\nNothing is written yet: add --write")


def _print_document(waiting: "Sequence[Finding]", edits: "Sequence[Edit]", *, written: bool) -> None:
    from jusante.cli.console import print_json

    found: list[dict[str, Any]] = [
        {
            "column": each.column,
            "kind": each.likely.kind,
            "by": each.likely.by,
            "share": each.likely.share,
            "read": each.is_read,
        }
        for each in waiting
    ]
    print_json(
        {"findings": found, "edits": [{"file": e.file, "lines": list(e.lines)} for e in edits], "written": written}
    )
