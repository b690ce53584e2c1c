"""`jusante drift announce`, `announced` and `withdraw`: a source's owner says beforehand what will change."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jusante.cli.options import opened, project_options
from jusante.cli.times import meant, now
from jusante.core.announcement import CHANGES

if TYPE_CHECKING:
    from jusante.app.announcing import Planned
    from jusante.core.announcement import Announcement

_MARKS = {
    "planned": ("○", "cyan"),
    "now": ("●", "yellow"),
    "came": ("✓", "green"),
    "missed": ("✗", "red"),
    "withdrawn": ("·", "dim"),
}


@click.command()
@click.argument("subject", metavar="SOURCE[.TABLE[.COLUMN]]")
@click.option("--change", type=click.Choice(CHANGES), required=True, help="What will change.")
@click.option("--from", "begin", metavar="TIME", help="From when on it may come; now, where nothing is said.")
@click.option("--until", "end", metavar="TIME", required=True, help="Until when it will have come, or be over.")
@click.option("--about", required=True, help="What for, in a sentence.")
@click.option("--by", default="", help="Who announces it; the owner of the source, where nothing is said.")
@project_options
def announce(  # noqa: PLR0913, PLR0917  # an option each
    subject: str,
    change: str,
    begin: str | None,
    end: str,
    about: str,
    by: str,
    folder: Path,
    environment: str | None,
    as_json: bool,
) -> None:
    """Say beforehand that a source, a table or a column will change. Whom it touches is told now, and not when it comes.

    What it explains is then no incident: it is noted in the run's report. A change of columns or of data is explained for a
    day longer, because loads see it later than it comes. If it does not come, that is told once. Times are
    '2027-01-31 07:00', in UTC where they name no other offset, or lengths from now: 3h, 2d.
    """
    from jusante.app.announcing import announce as write
    from jusante.app.announcing import plan
    from jusante.app.telling import tell
    from jusante.cli.console import print_json

    at = now()
    times = (meant(begin, "--from", at) if begin else at, meant(end, "--until", at))
    with opened(folder, environment) as lake:
        planned = plan(lake.system, subject, change, times, (about, by), at)
        made, notices = write(lake.system, planned, at)
        untold = tell(lake.system, notices)
    if as_json:
        touched = [each.as_dict() for each in planned.touched]
        print_json(made.as_dict() | {"touched": touched})
    else:
        _tell_planned(replace(planned, announcement=made), untold)


@click.command()
@project_options
def announced(folder: Path, environment: str | None, as_json: bool) -> None:
    """What has been announced, and what has become of it."""
    from jusante.app.announcing import announced as known
    from jusante.cli.console import out, print_json

    with opened(folder, environment) as lake:
        found = known(lake.system)[::-1]
    at = now()
    if as_json:
        print_json({"announcements": [each.as_dict() | {"state": each.state(at)} for each in found]})
        return
    if not found:
        out().print("Nothing is announced. A source's owner does it: jusante drift announce --help")
    for each in found:
        _tell_one(each, at)


@click.command()
@click.argument("announcement")
@click.argument("why", default="")
@project_options
def withdraw(announcement: str, why: str, folder: Path, environment: str | None, as_json: bool) -> None:
    """Take an ANNOUNCEMENT back, and say WHY: the change will not come. Whom it would have touched is told."""
    from rich.text import Text

    from jusante.app.announcing import withdraw as take_back
    from jusante.app.telling import tell
    from jusante.cli.console import out, print_json

    with opened(folder, environment) as lake:
        made, notices = take_back(lake.system, announcement, why, now())
        untold = tell(lake.system, notices)
    if as_json:
        print_json(made.as_dict())
        return
    out().print(Text.assemble(("✓ ", "green"), (made.id, "bold"), f" is withdrawn: {made.subject}: {made.change}"))
    _tell_untold(untold)


def _tell_planned(planned: "Planned", untold: tuple[str, ...]) -> None:
    from rich.text import Text

    from jusante.cli.console import out
    from jusante.cli.incident_report import pairs

    made = planned.announcement
    theirs: dict[str, list[str]] = {}
    for touched in planned.touched:
        if touched.kind != "check":
            theirs.setdefault(touched.owner or "nobody", []).append(touched.id)
    rows = [("when", Text(_when(made))), ("by", Text(made.by)), ("about", Text(made.about))]
    for number, (owner, things) in enumerate(theirs.items()):
        rows.append(("" if number else "touches", Text.assemble((owner, "bold"), f"  {', '.join(things)}")))
    out().print(Text.assemble(("✓ ", "green"), (made.id, "bold"), f" announced: {made.subject}: {made.change}"))
    out().print(pairs((Text(f"  {name}", "dim"), value) for name, value in rows))
    _tell_untold(untold)


def _tell_one(made: "Announcement", at: dt.datetime) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from jusante.cli.console import out

    state = made.state(at)
    mark, colour = _MARKS[state]
    words = {"came": f"came: {made.came}", "missed": "has not come"}.get(state, state)
    out().print(
        Text.assemble((f"{mark} {made.id}", f"bold {colour}"), ("  " + made.subject, "bold"), f"  {made.change}  ")
        + Text(_when(made), "dim")
    )
    out().print(Padding(Text(f"{made.about} ({made.by})"), (0, 0, 0, 4), expand=False))
    out().print(Padding(Text(words, "dim"), (0, 0, 1, 4), expand=False))


def _when(made: "Announcement") -> str:
    same = made.begin.date() == made.end.date()
    return f"{made.begin:%Y-%m-%d %H:%M} – {made.end:{'%H:%M' if same else '%Y-%m-%d %H:%M'}} UTC"


def _tell_untold(untold: tuple[str, ...]) -> None:
    from rich.text import Text

    from jusante.cli.console import out

    for problem in untold:
        out().print(Text.assemble(("! ", "yellow"), f"it could not be told by {problem}"))
