"""The conductor of one process: reads the ledger, decides, runs what is due, waits. All it knows, it knows from the ledger."""

import datetime as dt
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jusante.app import clock
from jusante.app.announcing import settle
from jusante.app.incidents import open_for
from jusante.app.lake import Lake
from jusante.app.meanwhile import meanwhile, seconds_until
from jusante.app.probing import HOOK_CALLED, look
from jusante.app.report import Report
from jusante.app.telling import tell
from jusante.core import duration
from jusante.core.event import Event
from jusante.core.run import AssetState
from jusante.core.words import some_were
from jusante.dataops.incidents import Symptom
from jusante.errors import JusanteError, LeaseLost, ProjectBusy, StorageError
from jusante.orchestration.conducting.deciding import decide, is_paused
from jusante.orchestration.conducting.decision import Decision, Due, News, Probe, Situation
from jusante.orchestration.conducting.laws import Law, laws
from jusante.orchestration.conducting.traces import KINDS, NOTHING, Trace, remembered
from jusante.orchestration.staleness import why_stale

LONGEST_SLEEP = dt.timedelta(seconds=10)
"""How long it takes to notice what others wrote into the ledger: a pause, a run by hand."""
SHORTEST_SLEEP = dt.timedelta(milliseconds=100)
"""Whatever it thinks is due next: no mistake about a time takes a processor for itself."""
HEARS_WITHIN_SECONDS = 0.5
"""How long a call waits until it is heeded."""
REMEMBERED_EVENTS = 50_000
"""So many of the last events are read as they are, and of those before them the last few of each kind about each asset."""
BUSY_SECONDS = 2.0
ASKS_EACH = dt.timedelta(minutes=1)
"""So often it is asked whom to tell what, where nothing has happened: silences and quiet hours end, patience does."""
STORAGE_PAUSE = dt.timedelta(seconds=5)
LAST_EVENTS = 25
"""So many of each kind: the last firing may be another try, which does not say what the first one was for."""
NOT_FOR_NEWS = {"clock", "condition", "retry", "again"}
"""Why something is due that cannot tell whether anything is new; what goes on with that is due for it as well."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something for whoever watches. `event` names it; `what` says it in words; `about` holds its parts."""

    event: str
    what: str
    about: Mapping[str, Any]


Tell = Callable[[Notice], None]


def _unheard(notice: Notice) -> None:
    """Nobody listens."""
    del notice


class Memory:
    """What the ledger remembers of each asset's times, kept up to date."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        last = lake.metadata.latest(None, 1)
        self.seq = max(0, (last[0].seq or 0) - REMEMBERED_EVENTS) if last else 0
        older = lake.metadata.last_of_each(KINDS, LAST_EVENTS, upto=self.seq) if self.seq else ()
        self.traces: Mapping[str, Trace] = remembered({}, older)
        self.resting: Mapping[str, dt.datetime] = {}
        self.called: set[str] = set()
        """The hooks that were called since, by this process or by one that stands by."""
        self.refresh()

    def refresh(self) -> bool:
        """Read what was written since; whether anything was."""
        before = self.seq
        while events := self._lake.metadata.events(self.seq, REMEMBERED_EVENTS):
            self.traces = remembered(self.traces, events)
            happened = {event.asset for event in events}
            self.called |= {str(event.payload["hook"]) for event in events if event.kind == HOOK_CALLED}
            self.resting = {name: until for name, until in self.resting.items() if name not in happened}
            self.seq = events[-1].seq or self.seq
        return self.seq != before


class Conductor:
    """Decides and runs, one decision after another. One at a time for a project on one machine."""

    def __init__(self, lake: Lake, now: dt.datetime, tell: Tell = _unheard) -> None:
        self._lake = lake
        self._tell = tell
        graph = lake.project.graph
        self._laws = laws(graph)
        self._memory = Memory(lake)
        self._since = now
        self._probes: dict[str, Probe] = {}
        self._looked: dict[str, dt.datetime] = {}
        self._failing: dict[str, set[str]] = {}
        self._news: Mapping[str, News] | None = None
        self._asked: tuple[int, dt.datetime] = (0, now - ASKS_EACH)
        self.running: tuple[str, ...] = ()
        self.wake: dt.datetime | None = None
        self.decided_at: dt.datetime | None = None
        self.turned_at: dt.datetime | None = None
        """When it last began to decide, whether or not the ledger let it."""
        self._called = threading.Event()
        self._learn(now)

    def _learn(self, now: dt.datetime) -> None:
        """Tell the ledger of clocks and targets that it has not seen, whose times count from now on, and of those that are gone."""
        known = {asset: trace.text for asset, trace in self._memory.traces.items() if trace.text}
        wanted = {law.asset: law.text for law in self._laws.values() if law.text}
        changed = sorted(name for name in known | wanted if known.get(name) != wanted.get(name))
        events = [Event("trigger.set", now, asset=name, payload={"law": wanted.get(name, "")}) for name in changed]
        self._lake.metadata.tell(events)
        self._memory.refresh()

    # -- deciding ----------------------------------------------------------------------------------------------------

    def situation(self, now: dt.datetime) -> Situation:
        """What is known now."""
        changed = self._memory.refresh()
        while self._memory.called:
            self._look_again(self._memory.called.pop())
        if changed or self._news is None or any(law.when for law in self._laws.values()):
            states = self._lake.metadata.states()
            self._news = self._found_news(states)
            self._look(states, now)
        graph, environment = self._lake.project.graph, self._lake.project.environment
        return Situation(
            laws=self._laws,
            readers=graph.readers,
            up_since=self._since,
            traces=self._memory.traces,
            news=self._news,
            probes=self._probes,
            pools=environment.pools,
            resting=self._memory.resting,
        )

    def _found_news(self, states: Mapping[str, AssetState]) -> dict[str, News]:
        """What follows its inputs and is not as it should be, where all that it reads is there."""
        graph, tables, found = self._lake.project.graph, self._lake.system.tables(), {}
        for name, law in self._laws.items():
            above = graph.tables_above(name) if law.follows else ()
            inputs = {table: kept.data_id for table in above if (kept := tables.get(table))}
            if not law.follows or len(inputs) < len(above):
                continue
            exists = graph[name].kind != "model" or tables.pointer(name) is not None
            if why := why_stale(graph.versions[name], states.get(name), inputs, exists=exists):
                arrived = [states[table].at for table in above if table in states]
                found[name] = News(why, max(arrived, default=self._since))
        return found

    def _look(self, states: Mapping[str, AssetState], now: dt.datetime) -> None:
        """Look at the conditions whose time to be looked at has come."""
        for law in self._looked_at():
            trace = self._memory.traces.get(law.asset, NOTHING)
            if self._next_look(law) <= now:
                self._looked[law.asset] = now
                asset = self._lake.project.graph[law.asset]
                state, began = states.get(law.asset), self._since.isoformat()
                looked = look(self._lake.system, asset, state, self._lake.look, trace.mark, began)
                self._say_failures(law.asset, looked.failed)
                found = looked.probe
                self._probes[law.asset] = found
                if not found.holds and found.mark != trace.mark:
                    event = Event("trigger.probed", now, asset=law.asset, payload={"mark": found.mark})
                    self._lake.metadata.tell([event])

    def _say_failures(self, asset: str, failed: Sequence[JusanteError]) -> None:
        """Tell of conditions that cannot be looked at: once, and not at each look for as long as it lasts."""
        told = [self._lake.discreetly(asset, error) for error in failed]
        known, self._failing[asset] = self._failing.get(asset, set()), {error.what for error in told}
        for error in told:
            if error.what not in known:
                self.say("probe.failed", f"{asset}: {error.what}", asset=asset, error=error.as_dict())

    def _next_look(self, law: Law) -> dt.datetime:
        often = min(duration.parse(condition.look) for condition in law.when)
        last = self._looked.get(law.asset)
        return last + often if last else self._since

    def heed(self, hook: str) -> None:
        """Look at what waits for this webhook at once. Called from other threads."""
        self._look_again(hook)
        self._called.set()

    def _look_again(self, hook: str) -> None:
        for law in self._laws.values():
            if any(condition.webhook == hook for condition in law.when):
                self._looked.pop(law.asset, None)

    # -- doing -------------------------------------------------------------------------------------------------------

    def turn(self, now: dt.datetime, stop: threading.Event | None = None) -> Decision:
        """Decide once, and do what was decided. Raises StorageError where the ledger cannot be used."""
        if self.decided_at and now < self.decided_at:
            self._put_back(now)
        decided = decide(self.situation(now), now)
        self.decided_at = now
        self._memory.resting = decided.rests
        self._lake.metadata.tell(decided.events(now))
        if decided.ahead:
            what = (
                f"the clock was ahead, up to {max(decided.ahead.values()):%Y-%m-%d %H:%M} UTC; times count from now on"
            )
            self.say("clock.back", what, assets=sorted(decided.ahead))
        self._say_late(decided, now)
        for missed in decided.missed:
            what = (
                f"{missed.asset}: {some_were(missed.ticks, 'time')} left, from {missed.first:%Y-%m-%d %H:%M:%S} UTC on"
            )
            self.say("trigger.missed", what, asset=missed.asset, ticks=missed.ticks)
        for skipped in decided.skipped:
            what = f"{skipped.asset}: passed over by request ({skipped.why})"
            self.say("trigger.skipped", what, asset=skipped.asset)
        self.wake = decided.wake
        if decided.selection:
            self._run(decided, stop or threading.Event())
        self._tell_people(now)
        self.wake = decided.wake
        return decided

    def _put_back(self, now: dt.datetime) -> None:
        """The clock shows an earlier time than before: what was to wait for a time waits for another one."""
        self._since = min(self._since, now)
        self._memory.resting = {}
        self._looked = {asset: at for asset, at in self._looked.items() if at <= now}

    def _say_late(self, decided: Decision, now: dt.datetime) -> None:
        """Tell of deadlines. What is not there in time is an incident."""
        for late in decided.late:
            kind = "deadline.missed" if late.is_over else "deadline.at_risk"
            self.say(kind, f"{late.asset}: {late.why}", asset=late.asset, due=late.due.isoformat())
        graph = self._lake.project.graph
        symptoms = [
            Symptom(late.asset, "late", late.why, str(graph[late.asset].place))
            for late in decided.late
            if late.is_over and late.asset in graph
        ]
        if symptoms:
            open_for(self._lake.system, symptoms, now)

    def _tell_people(self, now: dt.datetime) -> None:
        """Tell what is due of incidents, and what could not be told before."""
        seq, at = self._asked
        if self._memory.seq == seq and at <= now < at + ASKS_EACH:
            return
        self._asked = (self._memory.seq, now)
        system = self._lake.system
        for problem in tell(system, settle(system, now), patient=True):
            self.say("notice.failed", f"owners could not be told by {problem}")

    def _run(self, decided: Decision, stop: threading.Event) -> None:
        for due in decided.due:
            self.say("trigger.fired", f"{due.asset}: {due.why}", asset=due.asset, kind=due.kind)
        self.running = decided.selection
        try:
            # Until the block ends, this thread leaves to the other one what is remembered.
            with meanwhile(self._look_around, seconds_until(decided.wake, clock.now(), LONGEST_SLEEP)):
                report = self._report(decided, stop)
            if report:
                self._settle(decided.due, report)
        except (ProjectBusy, StorageError):
            raise
        except JusanteError as error:
            self._failed(decided.due, error)
        finally:
            self.running = ()

    def _look_around(self) -> float:
        """While a run goes on, tell of deadlines and incidents all the same; in how many seconds to do so again.

        What else is due is decided when the run is over, and what cannot be done now is told then.
        """
        now = self.turned_at = clock.now()
        try:
            if self._memory.refresh():
                self._news = None
            traces, pools = self._memory.traces, self._lake.project.environment.pools
            known = Situation(self._laws, self._lake.project.graph.readers, min(self._since, now), traces, pools=pools)
            decided = decide(known, now)
            self._lake.metadata.tell([late.event(now) for late in decided.late])
            self._say_late(decided, now)
            self.decided_at = now
            self._tell_people(now)
        except JusanteError:
            return STORAGE_PAUSE.total_seconds()
        self.wake = decided.wake
        return seconds_until(decided.wake, now, LONGEST_SLEEP)

    def _report(self, decided: Decision, stop: threading.Event) -> Report | None:
        """The run's report; None where it was told to stop while another run held the project."""
        anew = [due.asset for due in decided.due if due.kind in NOT_FOR_NEWS and self._laws[due.asset].always]
        told = False
        while not stop.is_set():
            try:
                return self._lake.run(
                    decided.selection, wait_seconds=BUSY_SECONDS, anew=anew, command=_command(decided.due), apart=True
                )
            except ProjectBusy as busy:
                if not told:
                    self.say("run.waits", busy.what)
                told = True
        return None

    def _settle(self, due: tuple[Due, ...], report: Report) -> None:
        """Tell the ledger of what was due and did not need to be made: the run itself tells of the rest."""
        tasks = {task.asset: task for task in report.tasks}
        now = clock.now()
        idle = [
            Event("trigger.settled", now, report.run_id, each.asset, {"seconds": tasks[each.asset].seconds})
            for each in due
            if each.asset in tasks and tasks[each.asset].status == "skipped" and not tasks[each.asset].was_left_alone
        ]
        self._lake.metadata.tell(idle)
        for task in report.tasks:
            if task.status != "skipped":
                what = f"{task.asset}: {task.reason} ({task.seconds:.1f} s)"
                self.say(f"task.{task.status}", what, run=report.run_id, asset=task.asset, error=task.error)

    def _failed(self, due: tuple[Due, ...], error: JusanteError) -> None:
        """No run could begin. Tried again as a failed task would be."""
        now = clock.now()
        said = {"code": error.code, "what": error.what}
        self._lake.metadata.tell([Event("trigger.failed", now, asset=each.asset, payload=said) for each in due])
        self.say("run.failed", f"{error.code} {error.what}", error=error.as_dict())

    # -- going on ----------------------------------------------------------------------------------------------------

    def conduct(self, stop: threading.Event) -> None:
        """Go on until told to stop; what runs then is finished first. Raises LeaseLost where another process decides now."""
        self.say("up", f"{self._lake.project.name} is up, process {os.getpid()}", assets=len(self._laws))
        self._recover()
        while not stop.is_set():
            now = self.turned_at = clock.now()
            try:
                self.turn(now, stop)
                until = min([now + LONGEST_SLEEP, *([self.wake] if self.wake else []), *self._looks()])
            except LeaseLost:
                raise
            except StorageError as error:
                self.say("storage.failed", f"{error.code} {error.what}", error=error.as_dict())
                until = now + STORAGE_PAUSE
            self._rest(until, stop)
        self.say("down", "stopped; what was due and not begun is begun at the next start")

    def _rest(self, until: dt.datetime, stop: threading.Event) -> None:
        """Wait until then, though not for less than a moment, until told to stop, or until somebody calls."""
        until = max(until, clock.now() + SHORTEST_SLEEP)
        while not self._called.is_set() and (seconds := (until - clock.now()).total_seconds()) > 0:
            if stop.wait(min(seconds, HEARS_WITHIN_SECONDS)):
                return
        self._called.clear()

    def _recover(self) -> None:
        try:
            for run_id in self._lake.recover():
                self.say("run.crashed", f"run {run_id} had died; what it left is put right", run=run_id)
        except StorageError as error:
            self.say("storage.failed", f"{error.code} {error.what}", error=error.as_dict())

    def _looks(self) -> list[dt.datetime]:
        return [self._next_look(law) for law in self._looked_at()]

    def _looked_at(self) -> list[Law]:
        """What waits for a condition, and is not paused."""
        traces = self._memory.traces
        return [law for law in self._laws.values() if law.when and not is_paused(law, traces.get(law.asset, NOTHING))]

    def say(self, event: str, what: str, **about: Any) -> None:
        """Tell whoever watches."""
        self._tell(Notice(event, what, about))


def _command(due: tuple[Due, ...]) -> str:
    more = f" and {len(due) - 1} more" if len(due) > 1 else ""
    return f"up {due[0].asset} ({due[0].why}){more}" if due else "up"
