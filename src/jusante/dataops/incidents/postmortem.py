"""A draft of what is written after an incident, in Markdown, from the ledger: facts and questions, and nobody's fault."""

import datetime as dt
from collections.abc import Iterator, Mapping

from jusante.core import duration
from jusante.core.incident import Incident, Moment
from jusante.core.words import counted
from jusante.dataops.incidents.severity import stops_nothing

_WHAT: Mapping[str, str] = {
    "opened": "Opened",
    "continued": "Seen again",
    "reopened": "Open again",
    "resolved": "Over",
    "acknowledged": "Acknowledged",
    "assigned": "Assigned",
    "commented": "Noted",
    "silenced": "Silenced",
    "merged": "Merged",
    "absorbed": "Took in",
    "parted": "Let go",
    "told": "Told",
    "escalated": "Nobody had acknowledged it; called",
}


def draft(incident: Incident, now: dt.datetime) -> str:
    """The draft."""
    end = incident.resolved or now
    parts = [
        f"# {incident.id}: {incident.cause.asset}",
        _head(incident, end),
        f"## What happened\n\n{_happened(incident, end)}",
        f"## Impact\n\n{_listed(_impact(incident))}",
        f"## Cause\n\n{_cause(incident)}",
        f"## Timeline (UTC)\n\n{_timeline(incident)}",
        f"## What went well\n\n{_listed(_well(incident))}",
        f"## What went badly\n\n{_listed(_badly(incident, end))}",
        f"## To ask\n\n{_listed(_questions(incident))}",
        "## To do\n\n| what | who | by when |\n|---|---|---|\n| | | |",
    ]
    return "\n\n".join(parts) + "\n"


def _head(incident: Incident, end: dt.datetime) -> str:
    lasted = duration.words(incident.lasted(end))
    state = "over" if incident.resolved else "still open"
    return f"Draft from the ledger. Severity {incident.severity}; {state}, {lasted} in all; {_who(incident)}."


def _who(incident: Incident) -> str:
    if incident.assignee:
        return f"looked after by {incident.assignee}"
    return f"its owner is {incident.owner}" if incident.owner else "it has no owner"


def _happened(incident: Incident, end: dt.datetime) -> str:
    where = f" ({incident.cause.where})" if incident.cause.where not in {"", incident.cause.asset} else ""
    code = f"{incident.cause.code}: " if incident.cause.code else ""
    told = "was not what it had been" if stops_nothing(incident) else "could not be made as it should"
    lines = [f"From {_time(incident.opened)} on, {incident.cause.asset} {told}{where}:"]
    lines += [f"\n> {code}{incident.cause.what}\n"]
    if incident.resolved:
        over = incident.last("resolved")
        lines += [f"It was over at {_time(end)}: {over.text}." if over else ""]
    return "\n".join(lines)


def _impact(incident: Incident) -> Iterator[str]:
    yield f"Failing: {', '.join(incident.assets)}."
    if incident.below:
        yield f"{counted(len(incident.below), 'asset')} waited, and kept what they had: {', '.join(incident.below)}."
    owners: dict[str, list[str]] = {}
    for touched in incident.touched:
        owners.setdefault(touched.owner or "nobody", []).append(touched.id)
    for owner, things in owners.items():
        yield f"Read by {owner}: {', '.join(things)}."
    if stops_nothing(incident):
        yield "What it is about was published all the same."
    elif incident.last_good:
        yield f"Readers saw data as of {_time(incident.last_good)}."
    else:
        yield "There had never been data for readers to see."


def _cause(incident: Incident) -> str:
    lines = ["The ledger suspects, by what had changed since all was well:", ""]
    for number, suspect in enumerate(incident.suspects, 1):
        lines.append(f"{number}. {suspect.what} (weight {suspect.weight:.2f}: {', '.join(suspect.reasons)})")
    if not incident.suspects:
        lines = ["Nothing that the ledger knows of had changed."]
    return "\n".join([*lines, "", "Confirmed cause: …"])


def _timeline(incident: Incident) -> str:
    rows = [f"| {_time(incident.last_good)} | Last time that all was well | |"] if incident.last_good else []
    rows += [f"| {_time(moment.at)} | {_moment(moment)} | {_by(moment)} |" for moment in incident.timeline]
    return "\n".join(["| when | what | by |", "|---|---|---|", *rows])


def _by(moment: Moment) -> str:
    return "" if moment.what in {"told", "escalated"} else moment.run_id or moment.actor


def _moment(moment: Moment) -> str:
    text = moment.text.replace("|", "\\|").replace("\n", " ")
    again = f", {moment.times} times until {_time(moment.until)}" if moment.until else ""
    return f"{_WHAT.get(moment.what, moment.what)}{again}{f': {text}' if text else ''}"


def _well(incident: Incident) -> Iterator[str]:
    yield "It was found by the run itself."
    if told := _first(incident, "told"):
        yield f"Owners were told {duration.words(told.at - incident.opened)} after it was found: {told.text}."
    if incident.last_good and not stops_nothing(incident):
        yield "Nothing wrong was published: readers kept the last good data."
    if incident.below:
        yield f"{counted(len(incident.below), 'asset')} below were not made from what was wrong."
    if first := _first(incident, "acknowledged", "assigned"):
        yield f"Somebody looked after it {duration.words(first.at - incident.opened)} after it was found."
    over = incident.last("resolved")
    if incident.state == "resolved" and over and over.run_id:
        yield "That it was over was seen by a run, not said by hand."


def _badly(incident: Incident, end: dt.datetime) -> Iterator[str]:
    if not _first(incident, "acknowledged", "assigned"):
        yield f"Nobody acknowledged it in {duration.words(end - incident.opened)}."
    if incident.last_good:
        yield f"Between the last good data and its being found lay {duration.words(incident.opened - incident.last_good)}."
    again = sum(moment.what == "reopened" for moment in incident.timeline)
    if again:
        yield f"It came back {counted(again, 'time')}."
    if incident.before:
        yield f"The same cause had an incident before: {incident.before}."
    failed = sum(moment.times for moment in incident.timeline if moment.what == "continued")
    if failed:
        yield f"{counted(failed, 'more run')} failed for the same reason."
    if not incident.owner:
        yield f"{incident.cause.asset} has no owner in the project's files: nobody was told as its owner."
    unowned = [each.id for each in incident.touched if not each.owner and each.kind != "check"]
    if unowned:
        yield f"No owner is known of {', '.join(unowned[:5])}{' and more' if len(unowned) > 5 else ''}."


def _questions(incident: Incident) -> Iterator[str]:
    first = incident.suspects[0] if incident.suspects else None
    match first.kind if first else "":
        case "definition":
            yield "What would have shown it before it was merged? A unit test, a check, a run in an environment of its own?"
        case "schema":
            yield "How could the owner of the source have known whom the change hits? Is there a contract?"
        case "data":
            yield "Which check at the source would have stopped these rows, or set them aside?"
        case "outage":
            yield "How long may this source be away before somebody has to act, and who is that?"
        case "environment":
            yield "How is it known that what is installed, and where it runs, is what was tested?"
    yield "What made it hard to see, or easy to get wrong?"
    yield "Did those who read the data know in time? Who should have been told, and was not?"
    if incident.before:
        yield f"What was meant to be done after {incident.before}, and what became of it?"


def _first(incident: Incident, *what: str) -> Moment | None:
    return next((moment for moment in incident.timeline if moment.what in what), None)


def _time(moment: dt.datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


def _listed(lines: Iterator[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) or "- (the ledger knows of nothing)"
