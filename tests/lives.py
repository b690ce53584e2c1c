"""The shop, run again and again in thought, and its incidents as the ledger tells of them."""

import datetime as dt
from collections.abc import Sequence

from jusante.core.event import Event
from jusante.core.incident import Incident, after
from jusante.core.run import Task
from jusante.dataops.incidents import Case, cases_of, decide, symptoms_of
from jusante.dataops.incidents.deciding import Now
from jusante.dataops.incidents.symptoms import is_well
from planted import HOUR, T0, Plant, shop, tasks_of

SYNTAX = ("J400", "syntax error at or near the end")
DOWN = dict.fromkeys(("sales.orders", "sales.customers", "sales.order_items"), ("J201", "no connection"))
MADE = [asset.id for asset in shop() if asset.is_made]


class House:
    """The shop, run again and again; its incidents as the ledger tells of them."""

    def __init__(self) -> None:
        self.now = T0
        self.incidents: dict[str, Incident] = {}
        self.events: list[Event] = []

    def tell(self, events: Sequence[Event]) -> tuple[str, ...]:
        for event in events:
            name = str(event.payload["incident"])
            told = after(self.incidents.get(name), event)
            assert told is not None
            self.incidents[name] = Incident.from_dict(told.as_dict())
            assert self.incidents[name] == told
        self.events += events
        return tuple(f"{event.payload['incident']} {event.kind.partition('.')[2]}" for event in events)

    def run(
        self, fails: dict[str, tuple[str, str]], later: dt.timedelta = HOUR, **more: frozenset[str]
    ) -> tuple[str, ...]:
        self.now += later
        tasks = tasks_of(shop(), Plant("", fails, frozenset(), **more))
        return self.tell(self.decided(tasks))

    def decided(self, tasks: Sequence[Task]) -> tuple[Event, ...]:
        cases: tuple[Case, ...] = cases_of(shop(), tasks, symptoms_of(tasks), lambda _: ())
        well = {task.asset for task in tasks if is_well(task)}
        now = Now(well, {task.asset for task in tasks}, self.now, "r")
        known = tuple(reversed(self.incidents.values()))
        return decide(shop(), cases, known, now, {}, len(known) + 1).events
