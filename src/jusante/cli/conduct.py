"""`jusante up`, `schedule`, `pause` and `resume`: what is made when."""

import datetime as dt
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jusante.cli.documents import documents
from jusante.cli.options import asset_names, log_option, opened, project_options

if TYPE_CHECKING:
    from jusante.app import Lake
    from jusante.app.conductor import Notice, Tell
    from jusante.app.duty import Duty
    from jusante.app.schedule import Planned, Standing


@click.command()
@click.option(
    "--listen", metavar="HOST:PORT", help="Where it answers over HTTP; 127.0.0.1:8321 or a free port by default."
)
@click.option("--no-listen", is_flag=True, help="Answer nobody.")
@click.option(
    "--stand-by", is_flag=True, help="Where another process does it already, wait and follow it when it ends."
)
@log_option
@project_options
def up(  # noqa: PLR0913  # one parameter an option
    listen: str | None,
    no_listen: bool,
    stand_by: bool,
    log: str | None,
    folder: Path,
    environment: str | None,
    as_json: bool,
) -> None:
    """Keep everything as fresh as it should be: make what is due, when it is due.

    What is due stands in the files: `schedule`, `every`, `when`, `fresh`, `deadline`. What reads a table that got new data is
    made by itself. The first signal to stop (Ctrl-C, SIGTERM) lets the run that goes on finish, the second one stops it.
    It answers GET /health, GET /metrics and POST /hooks/NAME, also while it stands by. With --json each line is a document.
    Changed files are read at the next start. Of several machines that share a metadata database one leads; the others can
    --stand-by.
    """
    from jusante.app.duty import Duty
    from jusante.app.leading import lead
    from jusante.cli.logging import chosen

    with opened(folder, environment) as lake, ExitStack() as stack:
        telling = stack.enter_context(chosen(lake, log))
        tell = telling.notice if telling else (_json_line if as_json else _line)
        stop = stack.enter_context(_stopping(lake.stop, tell))

        def begin(duty: Duty) -> None:
            _tell_next(lake, tell)
            if not no_listen:
                tell(_answer(stack, duty, lake, stop, listen))

        lead(lake, stop, tell, stand_by=stand_by, duty=Duty(begin=begin))


def _answer(stack: ExitStack, duty: "Duty", lake: "Lake", stop: threading.Event, listen: str | None) -> "Notice":
    """Answer over HTTP, and say where; without the extra, and without having been asked to, go on with a word about it."""
    from jusante.app.conductor import Notice
    from jusante.app.listening import listening
    from jusante.errors import ExtraMissing

    try:
        url = stack.enter_context(listening(lake.system, duty, stop, listen))
    except ExtraMissing as missing:
        if listen or lake.project.environment.hooks:
            raise
        return Notice("listen", f"nobody can ask over HTTP: {missing.what}; {missing.fix}", {})
    return Notice("listen", f"answers at {url}: /health, /metrics, /hooks/NAME", {"url": url})


def _tell_next(lake: "Lake", tell: "Tell") -> None:
    """What is made next by its clock, and what waits for somebody to make it for the first time; nothing, where the ledger
    is away.
    """
    from jusante.app.conductor import Notice
    from jusante.app.schedule import schedule as planned_of
    from jusante.errors import StorageError

    try:
        planned, standing = planned_of(lake, (), dt.datetime.now(dt.UTC), 1)
        known = lake.metadata.states()
    except StorageError:
        return
    for each in planned:
        what = f"next is {each.asset} at {each.at.astimezone():%a %d %b %H:%M:%S} ({each.why})"
        tell(Notice("next", what, {"asset": each.asset, "due": each.at.isoformat()}))
    never = [each.asset for each in standing if each.made == "by hand" and each.asset not in known]
    if never:
        more = f" and {len(never) - MOST_NAMED} more" if len(never) > MOST_NAMED else ""
        what = f"no clock makes {', '.join(never[:MOST_NAMED])}{more}, and nobody has yet: jusante run"
        tell(Notice("never.made", what, {"assets": never}))


@contextmanager
def _stopping(cancel: Callable[[], None], tell: "Tell") -> Iterator[threading.Event]:
    """An event that the first signal sets. The second one cancels what runs. Either is answered at once."""
    from jusante.app.conductor import Notice

    stop, again = threading.Event(), threading.Event()

    def end() -> None:
        try:
            tell(Notice("stopping", "stops when what runs now has ended; Ctrl-C once more stops that, too", {}))
        finally:
            stop.set()

    def end_at_once() -> None:
        stop.set()
        cancel()
        tell(Notice("cancelling", "stops what runs now", {}))

    def heard(number: int, frame: object) -> None:
        del number, frame
        # Nothing is told here: what was interrupted may be in the middle of a line.
        threading.Thread(target=end_at_once if again.is_set() else end, name="stopping").start()
        again.set()

    before = {number: signal.signal(number, heard) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


MOST_NAMED = 3
MARKS = {
    "trigger.fired": ("▶", "cyan"),
    "clock.back": ("!", "yellow"),
    "trigger.missed": ("·", "dim"),
    "trigger.skipped": ("·", "dim"),
    "task.succeeded": ("✓", "green"),
    "task.failed": ("✗", "red"),
    "task.held": ("‖", "yellow"),
    "run.failed": ("✗", "red"),
    "run.crashed": ("!", "yellow"),
    "run.waits": ("…", "yellow"),
    "notice.failed": ("!", "yellow"),
    "probe.failed": ("✗", "red"),
    "storage.failed": ("✗", "red"),
    "next": ("·", "dim"),
    "never.made": ("!", "yellow"),
    "stopping": ("…", "yellow"),
    "cancelling": ("…", "yellow"),
    "task.began": ("▶", "cyan"),
    "task.refused": ("!", "yellow"),
    "lease.lost": ("!", "yellow"),
    "deadline.at_risk": ("!", "yellow"),
    "deadline.missed": ("!", "red"),
}


def _line(notice: "Notice") -> None:
    from rich.text import Text

    from jusante.cli.console import out, tell_beside

    mark, colour = MARKS.get(notice.event, ("●", "bold"))
    now = dt.datetime.now().astimezone()
    tell_beside(out(), Text.assemble((f"{now:%H:%M:%S}  ", "dim"), (f"{mark} ", colour)), Text(notice.what))
    sys.stdout.flush()


def _json_line(notice: "Notice") -> None:
    said = {"at": dt.datetime.now(dt.UTC).isoformat(), "event": notice.event, "what": notice.what, **notice.about}
    stream = documents()
    stream.write(json.dumps(said, default=str, ensure_ascii=False) + "\n")
    stream.flush()


# -- what is made when ---------------------------------------------------------------------------------------------------


@click.command()
@click.argument("select", nargs=-1, shell_complete=asset_names)
@click.option("--next", "most", type=click.IntRange(1, 10_000), default=10, show_default=True, help="How many times.")
@project_options
def schedule(select: tuple[str, ...], most: int, folder: Path, environment: str | None, as_json: bool) -> None:
    """What is made when, and why: the next time of each asset, in your time and in that of its clock.

    Of assets named by SELECT all the next times are told. SELECT as in `jusante run`.
    """
    from jusante.app.schedule import schedule as planned_of
    from jusante.cli.console import out, print_json

    with opened(folder, environment) as lake:
        planned, standing = planned_of(lake, select, dt.datetime.now(dt.UTC), most)
    if as_json:
        print_json({"next": [each.as_dict() for each in planned], "others": [each.as_dict() for each in standing]})
        return
    console = out()
    _print_rows(console, ("here", "there", "asset", "takes", "why"), [_row(each) for each in planned])
    groups = _grouped(standing)
    if planned and groups:
        console.print()
    for made, names in groups.items():
        _print_group(console, made, names)
    if not planned:
        console.print(
            "\nNo clock makes anything. Write `schedule: 0 6 * * * Europe/Lisbon` or `every: 1h`.", style="dim"
        )


def _row(planned: "Planned") -> tuple[str, ...]:
    import zoneinfo

    here = planned.at.astimezone()
    there = planned.at.astimezone(zoneinfo.ZoneInfo(planned.zone))
    same = here.utcoffset() == there.utcoffset()
    city = planned.zone.rpartition("/")[2].replace("_", " ")
    takes = "" if planned.seconds is None else f"{planned.seconds:,.1f} s"
    far = here - dt.datetime.now().astimezone() > dt.timedelta(days=6)
    return (
        f"{here:%d %b %Y %H:%M}" if far else f"{here:%a %H:%M}",
        "" if same else f"{there:%H:%M} {city}",
        planned.asset,
        takes,
        planned.why,
    )


def _print_rows(console: Any, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from jusante.cli.console import grid

    if not rows:
        return
    used = [number for number in range(len(header)) if any(row[number] for row in rows)]
    whole = ("here", "there", "takes")
    table = grid(*(header[number] for number in used), numbers=("takes",), whole=whole, names=("asset",))
    for row in rows:
        table.add_row(*(row[number] for number in used))
    console.print(table)


def _grouped(standing: Sequence["Standing"]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for each in standing:
        groups.setdefault(f"paused ({each.made})" if each.paused else each.made, []).append(each.asset)
    return groups


def _print_group(console: Any, made: str, names: Sequence[str]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    console.print(Text(f"{made[:1].upper()}{made[1:]}", style="dim"))
    console.print(Padding(Text(", ".join(names)), (0, 0, 0, 2)))


# -- pausing -------------------------------------------------------------------------------------------------------------


def _chosen(command: Callable[..., None]) -> Callable[..., None]:
    return click.argument("select", nargs=-1, required=True, shell_complete=asset_names)(project_options(command))


@click.command()
@_chosen
def pause(select: tuple[str, ...], folder: Path, environment: str | None, as_json: bool) -> None:
    """Make assets by hand only, until they are resumed. SELECT as in `jusante run`."""
    _say(select, folder, environment, as_json, resume=False)


@click.command()
@_chosen
def resume(select: tuple[str, ...], folder: Path, environment: str | None, as_json: bool) -> None:
    """Make assets again when they are due. Times that passed meanwhile are left. SELECT as in `jusante run`."""
    _say(select, folder, environment, as_json, resume=True)


@click.command()
@click.argument("select", nargs=-1, required=True, shell_complete=asset_names)
@click.option(
    "--until",
    metavar="TIME",
    help="Until when, as '2027-01-31 07:00'; UTC, where it names no other offset. Or for how long: 3h. By default, the next time only.",
)
@click.option("--why", default="", help="Why; the ledger keeps it.")
@project_options
def skip(
    select: tuple[str, ...], until: str | None, why: str, folder: Path, environment: str | None, as_json: bool
) -> None:
    """Pass over what is due next for assets, or all that is due until a time. SELECT as in `jusante run`.

    `jusante run` still makes them, and `jusante resume` takes it back.
    """
    from rich.text import Text

    from jusante.app.schedule import skip as said_of
    from jusante.app.schedule import unprompted
    from jusante.cli.console import marked, out, print_json
    from jusante.cli.times import coming

    now = dt.datetime.now(dt.UTC)
    end = coming(until, now) if until else None
    with opened(folder, environment) as lake:
        idle = unprompted(lake, select)
        names = said_of(lake, select, now, until=end, why=why)
    if as_json:
        print_json({"assets": names, "until": end.isoformat() if end else None})
    else:
        long = f"until {end:%a %d %b %Y %H:%M} UTC" if end else "the next time"
        out().print(Text(f"Skipped {long}: {', '.join(names)}"))
        if idle:
            out().print(
                marked("!", "yellow", f"no clock or condition makes {', '.join(idle)}: there is nothing to skip")
            )
        out().print(Text(f"Next: jusante schedule. To take it back: jusante resume {' '.join(select)}", "dim"))


def _say(select: tuple[str, ...], folder: Path, environment: str | None, as_json: bool, *, resume: bool) -> None:
    from rich.text import Text

    from jusante.app.schedule import going
    from jusante.app.schedule import pause as said_of
    from jusante.cli.console import marked, out, print_json

    with opened(folder, environment) as lake:
        idle = going(lake, select) if resume else ()
        names = said_of(lake, select, dt.datetime.now(dt.UTC), resume=resume)
    if as_json:
        print_json({"assets": names, "paused": not resume})
    else:
        out().print(Text(f"{'Resumed' if resume else 'Paused'}: {', '.join(names)}"))
        if idle:
            out().print(marked("!", "yellow", f"neither paused nor skipped before: {', '.join(idle)}"))
        if not resume:
            out().print(Text(f"Until: jusante resume {' '.join(select)}", "dim"))
