"""What is handed over: flows, each with a start, and works in them, each a call of `jusante run`."""

import datetime as dt
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from jusante.core.cron import Cron
from jusante.core.trigger import CatchUp
from jusante.orchestration.conducting.clocks import Clock

Granularity = Literal["asset", "source", "run"]
StartKind = Literal["clock", "when", "news", "hand"]


@dataclass(frozen=True, slots=True)
class Call:
    """How `jusante run` is called where the orchestrator works. `folder` is the project's there."""

    command: str
    folder: str
    environment: str
    wait_seconds: int

    def arguments(self, assets: Iterable[str]) -> tuple[str, ...]:
        """The words of the call that makes these assets. Another run that holds the project is waited for."""
        names = tuple(assets)
        if any(name.startswith("-") for name in names):
            return (*self.begin, *self.where, "--", *names)
        return (*self.begin, *names, *self.where)

    @property
    def begin(self) -> tuple[str, ...]:
        """The words before the names."""
        return (*shlex.split(self.command), "run")

    @property
    def where(self) -> tuple[str, ...]:
        """The options of all calls."""
        return ("--project", self.folder, "--env", self.environment, "--wait", str(self.wait_seconds))


@dataclass(frozen=True, slots=True)
class Start:
    """What begins a flow: a clock, conditions that somebody else has to look at, news of other flows, or a person."""

    kind: StartKind
    clock: Clock | None = None
    when: tuple[str, ...] = ()
    catch_up: CatchUp = "one"

    def __str__(self) -> str:
        match self.kind:
            case "clock":
                return str(self.clock)
            case "when":
                return "when " + " or ".join(self.when)
            case "news":
                return "when its inputs bring news"
            case "hand":
                return "by hand"


HAND = Start("hand")
NEWS = Start("news")


@dataclass(frozen=True, slots=True)
class Item:
    """An asset as others are told of it. `inputs` are all that it reads, whoever makes it; `fresh` and `deadline` its targets.

    `start` is what begins it, where that is not news of its inputs.
    """

    asset: str
    kind: str
    inputs: tuple[str, ...] = ()
    owner: str | None = None
    tags: tuple[str, ...] = ()
    about: str = ""
    start: Start | None = None
    fresh: dt.timedelta | None = None
    deadline: Cron | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """One call of `jusante run`. `after` are works of the same flow, `outside` assets that other flows make.

    `attempts`, `wait` and `longest` are those of its retries; `timeout` is how long its queries may take.
    """

    name: str
    items: tuple[Item, ...]
    after: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    attempts: int = 3
    wait: dt.timedelta = dt.timedelta(minutes=1)
    longest: dt.timedelta = dt.timedelta(hours=1)
    timeout: dt.timedelta | None = None
    pool: str | None = None
    priority: int = 0

    @property
    def assets(self) -> tuple[str, ...]:
        """The assets that it makes, each after its inputs."""
        return tuple(item.asset for item in self.items)

    @property
    def owner(self) -> str | None:
        """Whom to tell, where all of its assets agree."""
        owners = {item.owner for item in self.items}
        return owners.pop() if len(owners) == 1 else None

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of its assets, sorted."""
        return tuple(sorted({tag for item in self.items for tag in item.tags}))

    @property
    def about(self) -> str:
        """What it makes, in a sentence."""
        return self.items[0].about if len(self.items) == 1 else ", ".join(self.assets)

    @property
    def waits_seconds(self) -> tuple[int, ...]:
        """How long before each attempt after the first."""
        return tuple(
            int(min(self.wait * 2**number, self.longest).total_seconds()) for number in range(self.attempts - 1)
        )

    def as_dict(self) -> dict[str, Any]:
        """The work as `--json` prints it."""
        return {
            "name": self.name,
            "assets": list(self.assets),
            "after": list(self.after),
            "outside": list(self.outside),
            "attempts": self.attempts,
            "waits_seconds": list(self.waits_seconds),
            "pool": self.pool,
            "priority": self.priority,
            "owner": self.owner,
        }

    def longest_seconds(self, call: Call) -> int | None:
        """When it hangs for certain: its queries' time, and that of waiting for another run; None where no time is told."""
        return int(self.timeout.total_seconds()) + call.wait_seconds + 300 if self.timeout else None


@dataclass(frozen=True, slots=True)
class Flow:
    """Works with one start, each after those that it waits for. `called_by` are assets of other flows whose news begin it."""

    name: str
    start: Start
    works: tuple[Work, ...]
    called_by: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The flow as `--json` prints it."""
        works = [work.as_dict() for work in self.works]
        return {"name": self.name, "start": str(self.start), "called_by": list(self.called_by), "works": works}


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is other than in jusante, and the assets of which that is so; none where it is so of all."""

    what: str
    assets: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = ", ".join(self.assets[:5])
        more = f" and {len(self.assets) - 5} more" if len(self.assets) > 5 else ""
        return f"{shown}{more}: {self.what}" if self.assets else self.what


@dataclass(frozen=True, slots=True)
class Handover:
    """All that another orchestrator is handed. `outside` are assets that no run makes: readers, and what others make."""

    project: str
    environment: str
    flows: tuple[Flow, ...]
    outside: tuple[Item, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def works(self) -> Iterator[tuple[Flow, Work]]:
        """All works, each with its flow."""
        return ((flow, work) for flow in self.flows for work in flow.works)

    def as_dict(self) -> dict[str, Any]:
        """What is handed over as `--json` prints it."""
        return {
            "project": self.project,
            "environment": self.environment,
            "flows": [flow.as_dict() for flow in self.flows],
            "outside": [item.asset for item in self.outside],
        }


@dataclass(frozen=True, slots=True)
class Written:
    """Code for an orchestrator: texts by path, and what is other there than in jusante."""

    files: dict[str, str]
    notes: tuple[Note, ...]
