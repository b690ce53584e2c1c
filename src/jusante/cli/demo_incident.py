"""The act of the bad day, played in front of whoever watches: what dies, who is told, what is to blame, what is learnt."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from jusante.app import Lake, Report
from jusante.cli.console import err, out
from jusante.cli.demo_acts import RULE, run, scene
from jusante.core.words import counted

if TYPE_CHECKING:
    from jusante.core.incident import Incident
    from jusante.demo.generate import Shop
    from jusante.demo.receiver import Receiver


def incident_act(folder: Path, shop: "Shop", *, finish: bool) -> Report:
    """A source dies, a bad deployment follows; each is one incident with its own cause. In the end both are over."""
    from jusante.demo import incident_act as act
    from jusante.demo.play import begin_act, systems
    from jusante.demo.receiver import receiving

    console = out()
    with err().status("starting its PostgreSQL and its social network") as status, systems(folder, shop):
        status.stop()
        if not (folder / ".jusante" / "catalog.db").exists():
            scene(console, "The shop runs for the first time.", "jusante run")
            run(folder)
        with receiving() as receiver, act.telling(folder, receiver.url):
            if act.is_deployed(folder):
                scene(console, "It has been deployed before: the incident goes on.", "jusante run")
                report = run(folder)
            else:
                begin_act(folder, "incident")
                report = _bad_day(console, folder, receiver)
            if finish:
                report = _finish(console, folder, receiver)
    if not finish:
        _tell_next(console, folder)
    return report


def _bad_day(console: Console, folder: Path, receiver: "Receiver") -> Report:
    from jusante.demo import incident_act as act

    database = act.server(folder)
    scene(console, "The order system's PostgreSQL dies. (It is really stopped.)", "jusante run")
    database.stop()
    run(folder)
    _tell_arrived(console, receiver)
    first = _last(folder)
    scene(
        console,
        f"{counted(len(first.below), 'asset')} wait for one reason: that is one incident.",
        f"jusante incidents show {first.id}",
    )
    _show(folder, first.id)
    _acknowledge(console, folder, first.id)
    scene(console, "While all look at that, somebody deploys an edit, with a slip in it.", "")
    act.deploy(folder)
    _tell_edit(console)
    database.start()
    for statement in act.BUSINESS:
        database.psql(statement)
    scene(console, "The database is back, with new orders: the first incident is over.", "jusante run")
    report = run(folder)
    _tell_arrived(console, receiver)
    second = _last(folder)
    scene(
        console,
        "What is wrong now is another cause: not the database, not its new rows.",
        f"jusante incidents show {second.id}",
    )
    _show(folder, second.id)
    return report


def _finish(console: Console, folder: Path, receiver: "Receiver") -> Report:
    from jusante.app.incidents import find
    from jusante.dataops.incidents.postmortem import draft
    from jusante.demo import incident_act as act

    incident = _last(folder)
    scene(console, "The edit is taken back: all is green again.", "jusante run")
    act.take_back(folder)
    report = run(folder)
    _tell_arrived(console, receiver)
    scene(console, "What is learnt? The draft is written already.", f"jusante incidents postmortem {incident.id}")
    with Lake.open(folder) as lake:
        found = find(lake.system, incident.id)
    console.print(Text(draft(found, found.resolved or found.seen)), soft_wrap=True)
    messages = receiver.messages
    twice = len(messages) - len({message.id for message in messages})
    said = "none of them" if not twice else f"{twice} of them"
    console.print(Text(f"The webhook received {len(messages)} messages in all, {said} twice.", "bold"))
    return report


def _last(folder: Path) -> "Incident":
    """The incident that goes on; of several the newest."""
    with Lake.open(folder) as lake:
        return lake.metadata.incidents(["open", "acknowledged"], 1)[0]


def _show(folder: Path, name: str) -> None:
    import datetime as dt

    from jusante.app.incidents import find
    from jusante.cli.incident_report import tell_one

    with Lake.open(folder) as lake:
        tell_one(find(lake.system, name), dt.datetime.now(dt.UTC))


def _acknowledge(console: Console, folder: Path, name: str) -> None:
    import datetime as dt

    from jusante.app.incidents import act, find
    from jusante.cli.incident_report import tell_done
    from jusante.dataops.incidents.acting import acknowledge

    console.print(Text(f"\n$ jusante incidents acknowledge {name}", "bold cyan"))
    with Lake.open(folder) as lake:
        tell_done(*act(lake.system, acknowledge(find(lake.system, name), dt.datetime.now(dt.UTC))))


def _tell_edit(console: Console) -> None:
    from jusante.demo import incident_act as act

    console.print(Text(f"  {act.MODEL}  Take returns off the revenue", "bold"))
    console.print(Text(f"  -  {act.BEFORE}", "red"))
    console.print(Text(f"  +  {act.AFTER}", "green"))


def _tell_arrived(console: Console, receiver: "Receiver") -> None:
    """What the webhook received, a line each."""
    from jusante.cli.console import grid

    news = receiver.news()
    console.print(Text(f"\nWhat arrived at the webhook ({receiver.url}):", "bold"))
    table = grid("", "type", "to", "about")
    for message in news:
        about = Text.assemble((message.incident, "bold"), f" {message.asset}")
        table.add_row(Text("←", "cyan"), Text(message.kind, "dim"), message.to, about)
    console.print(table)


def _tell_next(console: Console, folder: Path) -> None:
    console.print()
    console.print(Text("─" * RULE, "dim"))
    console.print(Text("The edit is still there, and readers still see the last good day.", "bold"))
    console.print()
    for command in ("incidents", "incidents --all", "lineage marts.daily_sales"):
        console.print(Text(f"  jusante {command} --project {folder}", "bold cyan"))
    console.print()
    console.print(Text.assemble("To see it end: ", (f"jusante demo {folder} --act incident --finish", "bold")))
