"""`jusante incidents`: what is wrong, why, whom it touches, and what is done about it."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jusante.cli.options import opened, project_options
from jusante.cli.times import moment

if TYPE_CHECKING:
    from jusante.core.event import Event
    from jusante.core.incident import Incident

Act = Callable[["Incident", dt.datetime], "Sequence[Event]"]


class _ListsByDefault(click.Group):
    """`jusante incidents` is `jusante incidents list`, and `jusante incidents I1` is `jusante incidents show I1`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it, with `list` where nothing is named, and `show` where an incident is."""
        first = args[0] if args else "--"
        if re.fullmatch(r"[iI]?\d+", first):
            args = ["show", *args]
        elif first.startswith("-") and first not in {"-h", "--help"}:
            args = ["list", *args]
        return super().parse_args(ctx, args or ["list"])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click does it, with the command that is meant by its beginning, or by one that is near, for an unknown one."""
        from jusante.core.names import nearest

        name = args[0]
        if name not in self.commands:
            near = next((each for each in self.commands if each.startswith(name)), None) or nearest(name, self.commands)
            meant = f"did you mean {near}?" if near else f"there are {', '.join(self.commands)}"
            raise click.UsageError(f"there is no command {name} of incidents; {meant}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_ListsByDefault)
def incidents() -> None:
    """What is wrong, one incident for each cause: why, whom it touches, and what is done about it."""


@incidents.command("list")
@click.option("--all", "all_", is_flag=True, help="Also those that are over.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True, help="How many, at the most.")
@project_options
def list_(all_: bool, limit: int, folder: Path, environment: str | None, as_json: bool) -> None:
    """The incidents that go on, newest first. `jusante incidents` alone does this."""
    from jusante.cli.console import print_json
    from jusante.cli.incident_report import tell_list

    with opened(folder, environment) as lake:
        found = lake.metadata.incidents(None if all_ else ["open", "acknowledged"], limit)
    if as_json:
        print_json({"incidents": [incident.as_dict() for incident in found]})
    else:
        tell_list(found, _now(), with_past=all_)


@incidents.command()
@click.argument("incident")
@project_options
def show(incident: str, folder: Path, environment: str | None, as_json: bool) -> None:
    """One INCIDENT: its cause, whom it touches, what is suspected, what happened so far, and what to do."""
    from jusante.app.announcing import about
    from jusante.app.incidents import find
    from jusante.cli.console import print_json
    from jusante.cli.incident_report import tell_one

    with opened(folder, environment) as lake:
        found = find(lake.system, incident)
        planned = about(lake.system, found)
    if as_json:
        print_json(found.as_dict() | {"announced": [each.as_dict() for each in planned]})
    else:
        tell_one(found, _now(), planned)


@incidents.command()
@click.argument("incident")
@project_options
def acknowledge(incident: str, folder: Path, environment: str | None, as_json: bool) -> None:
    """Say that you have seen it and look after it."""
    from jusante.dataops.incidents import acting

    _act(incident, acting.acknowledge, folder, environment, as_json=as_json)


@incidents.command()
@click.argument("incident")
@click.argument("who")
@project_options
def assign(incident: str, who: str, folder: Path, environment: str | None, as_json: bool) -> None:
    """Give it to WHO, named as owners are in project files. They are told."""
    from jusante.dataops.incidents import acting

    _act(incident, lambda found, now: acting.assign(found, who, now), folder, environment, as_json=as_json)
    if not as_json:
        _tell_of_stranger(who, folder, environment)


@incidents.command()
@click.argument("incident")
@click.argument("text")
@project_options
def comment(incident: str, text: str, folder: Path, environment: str | None, as_json: bool) -> None:
    """Keep TEXT with it. The ledger forgets nothing: write no personal data and no secrets."""
    from jusante.dataops.incidents import acting

    _act(incident, lambda found, now: acting.comment(found, text, now), folder, environment, as_json=as_json)


@incidents.command()
@click.argument("incident")
@click.argument("why", default="")
@project_options
def resolve(incident: str, why: str, folder: Path, environment: str | None, as_json: bool) -> None:
    """Say that it is over, and WHY. By itself it is over when what failed succeeds."""
    from jusante.dataops.incidents import acting

    _act(incident, lambda found, now: acting.resolve(found, why, now), folder, environment, as_json=as_json)


@incidents.command()
@click.argument("incident")
@click.argument("why", default="")
@project_options
def reopen(incident: str, why: str, folder: Path, environment: str | None, as_json: bool) -> None:
    """Say that it is not over, and WHY. If it was merged into another one, it goes on by itself."""
    from jusante.app.incidents import find, within
    from jusante.dataops.incidents import acting

    with opened(folder, environment) as lake:
        others = within(lake.system, find(lake.system, incident))
    _act(incident, lambda found, now: acting.reopen(found, why, now, others), folder, environment, as_json=as_json)


@incidents.command()
@click.argument("incident")
@click.argument("into")
@project_options
def merge(incident: str, into: str, folder: Path, environment: str | None, as_json: bool) -> None:
    """Make INCIDENT a part of another, INTO: they have one cause."""
    from jusante.app.incidents import find
    from jusante.dataops.incidents import acting

    with opened(folder, environment) as lake:
        other = find(lake.system, into)
    _act(incident, lambda found, now: acting.merge(found, other, now), folder, environment, as_json=as_json)


@incidents.command()
@click.argument("incident")
@click.option("--for", "length", metavar="DURATION", help="How long, as 90m, 4h or 2d.")
@click.option("--until", metavar="TIME", help="Until when, as '2027-01-31 07:00'; UTC, where it names no other offset.")
@project_options
def silence(
    incident: str, length: str | None, until: str | None, folder: Path, environment: str | None, as_json: bool
) -> None:
    """Tell nobody of it for a time. It has to have an end."""
    from jusante.dataops.incidents import acting

    end = _end(length, until, _now())
    _act(incident, lambda found, now: acting.silence(found, end, now), folder, environment, as_json=as_json)


@incidents.command()
@click.argument("incident")
@project_options
def postmortem(incident: str, folder: Path, environment: str | None, as_json: bool) -> None:
    """Print a draft of what is written afterwards, in Markdown: facts from the ledger, and questions."""
    from jusante.app.incidents import find
    from jusante.cli.console import print_json
    from jusante.dataops.incidents.postmortem import draft

    with opened(folder, environment) as lake:
        found = find(lake.system, incident)
    text = draft(found, _now())
    if as_json:
        print_json({"id": found.id, "markdown": text})
    else:
        click.echo(text, nl=False)


def _tell_of_stranger(who: str, folder: Path, environment: str | None) -> None:
    """A name that is nobody's in the project may be a slip, and then nobody feels called."""
    from jusante.cli.console import marked, out
    from jusante.core.names import nearest

    with opened(folder, environment) as lake:
        owners = {asset.owner for asset in lake.project.graph if asset.owner}
    if who not in owners:
        near = nearest(who, owners)
        out().print(marked("!", "yellow", f"{who} owns nothing here{f'; did you mean {near}?' if near else ''}"))


def _act(name: str, act: Act, folder: Path, environment: str | None, *, as_json: bool) -> None:
    from jusante.app.incidents import act as do
    from jusante.app.incidents import find
    from jusante.cli.console import print_json
    from jusante.cli.incident_report import tell_done

    now = _now()
    with opened(folder, environment) as lake:
        found, untold = do(lake.system, act(find(lake.system, name), now))
    if as_json:
        print_json(found.as_dict())
    else:
        tell_done(found, untold)


def _end(length: str | None, until: str | None, now: dt.datetime) -> dt.datetime:
    """When a silence ends. Raises UsageError unless exactly one of the two says so."""
    from jusante.core import duration
    from jusante.errors import UsageError

    if (length is None) == (until is None):
        raise UsageError("a silence needs an end", fix="--for 4h, or --until '2027-01-31 07:00'")
    try:
        return now + duration.parse(length) if length is not None else moment(str(until), "--until")
    except (ValueError, OverflowError) as error:
        raise UsageError(str(error), where="--for", fix="--for 4h") from None


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
