"""Incidents for people: a few lines each in a list, the whole of one, and a line at the end of a run."""

import datetime as dt
from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jusante.app.incidents import owners
from jusante.cli.console import marked, out
from jusante.core import duration
from jusante.core.announcement import Announcement
from jusante.core.incident import Incident, Moment
from jusante.core.words import counted
from jusante.dataops.incidents.advice import advice
from jusante.dataops.incidents.severity import stops_nothing

_COLOURS = {"high": "red", "medium": "yellow", "low": "cyan"}
_MARKS = {"open": "●", "acknowledged": "◐", "resolved": "✓", "merged": "→"}
_KINDS = {
    "source_down": "source down",
    "source_denied": "source denied",
    "source_failed": "source failed",
    "data_drift": "data drift",
    "personal_data": "personal data",
}
_BY_ITSELF = frozenset({"told", "escalated"})
_NAMED = 6
_MOMENTS = 20


def tell_list(found: Sequence[Incident], now: dt.datetime, *, with_past: bool) -> None:
    """The incidents, each in a few lines."""
    console = out()
    if not found:
        more = "" if with_past else " Those that are over: jusante incidents --all"
        console.print(marked("✓", "green", f"no incident{'' if with_past else ' goes on'}.{more}"))
        return
    for incident in found:
        console.print(_title(incident, now))
        console.print(Padding(Text(incident.cause.what), (0, 0, 0, 4), expand=False))
        if incident.is_open:
            console.print(Padding(_in_short(incident), (0, 0, 0, 4), expand=False))
        console.print()
    going = sum(incident.is_open for incident in found)
    first = next((incident.id for incident in found if incident.is_open), found[0].id)
    on = f"{counted(going, 'incident')} {'goes' if going == 1 else 'go'} on" if going else "No incident goes on"
    console.print(f"{on}. {'Next' if going else 'To read one'}: jusante incidents show {first}")


def tell_one(incident: Incident, now: dt.datetime, planned: Sequence[Announcement] = ()) -> None:
    """All of one incident. `planned` is what was announced of that which it is about."""
    console = out()
    console.print(_title(incident, now))
    console.print(Padding(_facts(incident, now, planned), (0, 0, 0, 2), expand=False))
    if incident.suspects:
        _section(console, "suspects", _suspects(incident))
    _section(console, "timeline (UTC)", _timeline(incident))
    if incident.is_open:
        steps = pairs((Text("→", "green"), Text(step)) for step in advice(incident))
        _section(console, "what to do", steps)
        if incident.state == "open":
            console.print(f"\nSomebody looks after it? jusante incidents acknowledge {incident.id}")
    elif incident.state == "resolved":
        console.print(f"\nWhat was it, and what is learnt? jusante incidents postmortem {incident.id}")


def tell_done(incident: Incident, untold: Iterable[str]) -> None:
    """What an act did."""
    moment = incident.timeline[-1]
    text = f": {moment.text}" if moment.text else ""
    out().print(Text.assemble(("✓ ", "green"), (incident.id, "bold"), f" {moment.what}{text}"))
    for problem in untold:
        out().print(Text.assemble(("! ", "yellow"), f"it could not be told by {problem}"))


def tell_news(console: Console, news: Sequence[tuple[str, Incident]]) -> None:
    """What a run did to incidents, a line each, and the next command."""
    words = {"incident.opened": "opened", "incident.reopened": "is open again", "incident.resolved": "is over"}
    shown = [(words[kind], incident) for kind, incident in news if kind in words]
    if not shown:
        return
    console.print()
    for word, incident in shown:
        colour = "green" if word == "is over" else _COLOURS[incident.severity]
        touched = [each for each in incident.touched if each.kind != "check"]
        hits = f", {counted(len(touched), 'thing')} touched" if touched and word != "is over" else ""
        console.print(
            Text.assemble(("● " if word != "is over" else "✓ ", colour), ("incident ", "dim"), (incident.id, "bold"))
            + Text.assemble(f" {word}  ", (incident.cause.asset, "bold"), (f"  {_kind(incident)}{hits}", "dim"))
        )
    first = next((incident.id for word, incident in shown if word != "is over"), None)
    if first:
        console.print(Text(f"  Next: jusante incidents show {first}"))


# -- parts ---------------------------------------------------------------------------------------------------------------


def _title(incident: Incident, now: dt.datetime) -> Text:
    colour = _COLOURS[incident.severity] if incident.is_open else "green"
    lasted = duration.words(incident.lasted(now))
    state = {"open": f"open for {lasted}", "acknowledged": f"acknowledged, open for {lasted}"}.get(incident.state)
    state = state or (f"merged into {incident.merged_into}" if incident.merged_into else f"over, after {lasted}")
    silent = ", silent" if incident.is_silent(now) else ""
    return Text.assemble(
        (f"{_MARKS[incident.state]} {incident.id}", f"bold {colour}"),
        ("  " + incident.cause.asset, "bold"),
        (f"  {_kind(incident)}, ", "dim"),
        (incident.severity, colour if incident.is_open else "dim"),
        (f", {state}{silent}", "dim"),
    )


def _kind(incident: Incident) -> str:
    return _KINDS.get(incident.cause.kind, incident.cause.kind)


def _in_short(incident: Incident) -> Text:
    parts = []
    if incident.suspects and incident.suspects[0].what != incident.cause.what:
        parts.append(f"likely: {incident.suspects[0].what}")
    touched = [each for each in incident.touched if each.kind != "check"]
    if touched:
        parts.append(f"touches {_some([each.id for each in touched], 3)}")
    parts.append(f"with {incident.assignee or incident.owner or 'nobody'}")
    return Text("\n".join(parts), "dim")


def _facts(incident: Incident, now: dt.datetime, planned: Sequence[Announcement]) -> Table:
    cause = incident.cause
    rows: list[tuple[str, RenderableType]] = [(cause.code or "what", Text(cause.what))]
    rows += [("at", Text(cause.where))] if cause.where else []
    rows += [("fails", Text(_some(incident.assets, _NAMED)))] if incident.assets != (cause.asset,) else []
    rows += [("waits", Text(_some(incident.below, _NAMED)))] if incident.below else []
    rows.append(("owner", Text(_who(incident))))
    rows.append(("data", Text(_data(incident, now))))
    for number, (owner, things) in enumerate(owners(incident).items()):
        line = Text.assemble((owner or "nobody", "bold"), f"  {_some(things, _NAMED)}")
        rows.append(("" if number else "touches", line))
    for made in planned:
        rows.append(("said", Text(f"{made.subject}: {made.change}, {made.told_of(incident.opened)}", "cyan")))
    rows += [("before", Text(f"{incident.before} was of the same cause"))] if incident.before else []
    if incident.silenced_until and incident.is_silent(now):
        rows.append(("silent", Text(f"until {incident.silenced_until:%Y-%m-%d %H:%M} UTC")))
    return pairs((Text(name, "dim"), value) for name, value in rows)


def _who(incident: Incident) -> str:
    owner = incident.owner or "nobody"
    return f"{owner}; looked after by {incident.assignee}" if incident.assignee else owner


def _data(incident: Incident, now: dt.datetime) -> str:
    if stops_nothing(incident):
        return "published all the same"
    if incident.last_good is None:
        return "there never were any: readers have nothing"
    verb = "see" if incident.is_open else "saw"
    age = f", {duration.words(now - incident.last_good)} old" if incident.is_open else ""
    return f"readers {verb} those of {incident.last_good:%Y-%m-%d %H:%M} UTC{age}"


def _suspects(incident: Incident) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for number, suspect in enumerate(incident.suspects):
        bar = "█" * max(round(suspect.weight * 6), 1)
        reasons = "; ".join(suspect.reasons)
        style = "bold" if not number else ""
        text = Text.assemble((suspect.what, style), (f"\n{reasons}" if reasons else "", "dim"))
        table.add_row(
            Text.assemble((f"{bar:<6} ", "yellow" if not number else "dim"), (f"{suspect.weight:.2f}", "dim")), text
        )
    return table


def _timeline(incident: Incident) -> Table:
    moments = incident.timeline
    left = len(moments) - _MOMENTS
    if left > 0:
        moments = (moments[0], *moments[1 - _MOMENTS :])
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    before = incident.cause.what
    is_short = moments[-1].at - moments[0].at < dt.timedelta(hours=1)
    form = "%m-%d %H:%M:%S" if is_short else "%m-%d %H:%M"
    for number, moment in enumerate(moments):
        if number == 1 and left > 0:
            table.add_row("", Text("…", "dim"), Text(f"{counted(left, 'moment')} more: --json", "dim"))
        text = moment.text if moment.text != before else ""
        before = moment.text
        by = "" if moment.what in _BY_ITSELF else moment.run_id or moment.actor
        line = Text.assemble(text, (f"{'  ' if text else ''}{by}", "dim"))
        table.add_row(Text(f"{moment.at:{form}}", "dim"), Text(_word(moment)), line)
    return table


def _word(moment: Moment) -> str:
    names = {
        "continued": "seen again",
        "reopened": "open again",
        "resolved": "over",
        "absorbed": "took in",
        "parted": "let go",
        "escalated": "called",
    }
    return names.get(moment.what, moment.what) + (f" ×{moment.times}" if moment.times > 1 else "")


def _section(console: Console, title: str, body: Table) -> None:
    console.print(Text(f"\n{title}", "dim"))
    console.print(Padding(body, (0, 0, 0, 2), expand=False))


def pairs(rows: Iterable[tuple[Text, RenderableType]]) -> Table:
    """Rows of a word and what it stands for."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    return table


def _some(names: Sequence[str], most: int) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
