"""`jusante backfill`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jusante.cli.options import asset_names, opened, project_options

if TYPE_CHECKING:
    import datetime as dt

    from jusante.app.backfilling import Outlook
    from jusante.transformation.incremental.batches import Backfill, Batch, Hitch


@click.command()
@click.argument("models", nargs=-1, required=True, shell_complete=asset_names)
@click.option("--from", "first", metavar="TIME", help="The first interval: 2026-01-01, 2026-01, 2026-01-01 14:00.")
@click.option(
    "--to", "end", metavar="TIME", help="The moment before which it ends; the interval it lies in is left out."
)
@click.option("--parallel", type=click.IntRange(1, 64), default=2, show_default=True, help="Batches built at a time.")
@click.option("--batch", "most", type=click.IntRange(1), help="Intervals a batch, which is one commit; a tenth of all.")
@click.option("--anew", is_flag=True, help="Also the intervals that are done already.")
@click.option("--dry-run", is_flag=True, help="Only the estimate.")
@click.option("--gaps", is_flag=True, help="Only list the intervals that are to be made, and why.")
@click.option("--wait", "wait_seconds", type=float, default=0.0, help="How many seconds to wait for a run to end.")
@project_options
def backfill(  # noqa: PLR0913  # the options of a command
    *,
    models: tuple[str, ...],
    first: str | None,
    end: str | None,
    parallel: int,
    most: int | None,
    anew: bool,
    dry_run: bool,
    gaps: bool,
    wait_seconds: float,
    folder: Path,
    environment: str | None,
    as_json: bool,
) -> None:
    """Make intervals of MODELS by time: those that are due, in batches, each a commit of its own.

    Whatever ends it, Ctrl-C or a power cut: what is committed stays, and the same command makes the rest. Models by time
    below follow with the intervals that they take from these.
    """
    from jusante.transformation.incremental.batches import Backfill

    wish = Backfill(lambda _: None, *_bounds(first, end), parallel, most, anew)
    with opened(folder, environment) as lake:
        from jusante.app.backfilling import outlook
        from jusante.cli.console import err, print_json

        with err().status("looking"):
            found = outlook(lake, models, wish)
        if not (dry_run or gaps):
            if not as_json:
                _tell_outlook(found)
            if _is_nothing(found, wish):
                _tell_nothing(as_json)
            else:
                _do(lake, models, wish, wait_seconds, as_json)
        elif as_json:
            print_json({"models": [each.as_dict() for each in found]})
        elif gaps:
            _tell_gaps(found)
        else:
            _tell_outlook(found)


def _bounds(first: str | None, end: str | None) -> "tuple[dt.datetime | None, dt.datetime | None]":
    """From when to when. Raises UsageError where nothing lies between."""
    from jusante.errors import UsageError

    begins, ends = _time(first, "--from"), _time(end, "--to")
    if begins and ends and ends <= begins:
        raise UsageError(f"nothing lies between {first} and {end}", where="--to", fix="name a later end than --from")
    return begins, ends


def _is_nothing(found: "tuple[Outlook, ...]", wish: "Backfill") -> bool:
    """Whether all in the bounds is done, so that a run would call something well that was not touched."""
    is_bounded = wish.first is not None or wish.end is not None
    return is_bounded and not any(each.intervals or each.after for each in found)


def _tell_nothing(as_json: bool) -> None:
    from jusante.app import Report
    from jusante.cli.console import marked, out, print_json

    if as_json:
        print_json(Report("", "succeeded", 0.0, ()).as_dict())
    else:
        out().print(
            marked("✓", "green", "nothing is to be made in these bounds. What is, and why: --gaps without bounds")
        )


def _time(text: str | None, option: str) -> "dt.datetime | None":
    from jusante.core.interval import parse
    from jusante.errors import UsageError

    try:
        return parse(text) if text else None
    except ValueError as error:
        raise UsageError(str(error), where=option) from None


def _do(lake: object, models: tuple[str, ...], wish: "Backfill", wait_seconds: float, as_json: bool) -> None:
    """Do it, and tell of each batch."""
    from jusante.app.backfilling import Listener
    from jusante.app.backfilling import backfill as make
    from jusante.app.lake import Lake
    from jusante.cli.console import print_json
    from jusante.cli.run import tell_report

    assert isinstance(lake, Lake)
    rests: dict[str, str] = {}

    def committed(batch: "Batch", made: int) -> None:
        rests[batch.asset] = batch.rest
        _progress(batch, made)

    try:
        report = make(lake, models, wish, listener=Listener(committed, _again), wait_seconds=wait_seconds)
    except KeyboardInterrupt:
        _tell_rest(rests)
        raise
    if as_json:
        print_json(report.as_dict())
    else:
        tell_report(report)
    sys.exit(0 if report.status == "succeeded" else 1)


def _progress(batch: "Batch", made: int) -> None:
    from jusante.core.words import counted

    share = f"{made:,}/{batch.of:,}"
    _say(f"✓ {batch.asset}  {batch.name}  {share}  {counted(batch.rows, 'row')}  {batch.seconds:.1f} s")


def _again(hitch: "Hitch") -> None:
    tries = f"try {hitch.tries} of {hitch.attempts}"
    _say(f"↻ {hitch.asset}  {hitch.part}  {hitch.code} {hitch.what} ({tries}); again in {hitch.seconds:,.0f} s")


def _tell_rest(rests: dict[str, str]) -> None:
    """What stays of a backfill that somebody stopped, and how to go on."""
    for name, rest in rests.items():
        _say(f"  {name}: what is committed stays; {rest} makes the rest" if rest else f"  {name}: all of it is made")
    if not rests:
        _say("  nothing was committed; the same command begins again")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _tell_outlook(found: "tuple[Outlook, ...]") -> None:
    from jusante.cli.console import grid, out, size
    from jusante.core.money import dollars

    head = ("intervals", "commits", "reads", "takes", "costs")
    table = grid("model", *head, numbers=head, names=("model",))
    for each in found:
        takes = "not measured yet" if each.seconds is None else f"{each.seconds:,.1f} s"
        more = "+" if each.after else ""
        costs = "" if each.usd is None else dollars(each.usd)
        table.add_row(each.asset, f"{each.intervals:,}{more}", f"{each.batches}{more}", size(each.bytes), takes, costs)
    out().print(table)
    for each in found:
        if each.after:
            out().print(f"{each.asset}: what changes in {each.after} may open more of its intervals", style="dim")
        if each.why:
            out().print(f"{each.asset}: {each.why}", style="dim")


def _tell_gaps(found: "tuple[Outlook, ...]") -> None:
    from jusante.cli.console import grid, marked, out

    rows = [(each.asset, gap) for each in found for gap in each.gaps()]
    if not rows:
        out().print(marked("✓", "green", "no gaps: all intervals are done"))
        return
    table = grid("model", "from", "to", "intervals", "why", numbers=("intervals",), names=("model", "from", "to"))
    for name, gap in rows:
        table.add_row(name, gap["first"], gap["last"], f"{gap['intervals']:,}", gap["why"])
    out().print(table)
