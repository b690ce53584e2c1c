"""Budgets of a project: what a run would cost, whether that may be, and who is told where it may not."""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING, Any

from jusante.app.spending import Spending, spent
from jusante.app.system import System
from jusante.app.telling import tell
from jusante.architecture.cost.budgets import Limit, Passed, Planned, decide, worst
from jusante.architecture.cost.rates import SMALLEST, cost
from jusante.core.event import Event
from jusante.core.money import dollars
from jusante.core.run import OVER_BUDGET
from jusante.errors import OverBudget
from jusante.orchestration.foresight import Foreseen
from jusante.ports.notifier import Notice

if TYPE_CHECKING:
    from jusante.app.lake import Lake

PASSED = "budget.passed"
REMEMBERED_TASKS = 9
"""So many of the last tasks of an asset say what the next one will cost: the middle one of them."""
MOST_EVENTS = 1_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a run may do. `passed` are the tasks that would pass a budget, `held` why each of some is not to be done."""

    passed: tuple[Passed, ...] = ()
    held: Mapping[str, str] = field(default_factory=dict)

    @property
    def refused(self) -> tuple[Passed, ...]:
        """Those for which nothing of the run is to be done."""
        return tuple(passed for passed in self.passed if passed.policy == "refuse")

    @property
    def refusals(self) -> dict[str, OverBudget]:
        """Why each of these is not to be done, as the error of its task."""
        said = {}
        for name, each in worst(self.refused).items():
            what = f"{name} is {words(each)}. It was not made"
            said[name] = OverBudget(what, where=each.limit.where, fix=way_out(each))
        return said

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to say of those that are done all the same."""
        warned = (each for each in worst(self.passed).values() if each.policy == "warn")
        return tuple(f"{each.asset} is {words(each)}" for each in warned)


def estimates(system: System, assets: Collection[str]) -> dict[str, Decimal | None]:
    """What making each of these would cost: the middle of what it cost the last times, None where it was never measured."""
    rates = system.project.environment.rates
    found: dict[str, Decimal | None] = {}
    for name, usages in system.metadata.last_usage(assets, REMEMBERED_TASKS).items():
        prices = [cost(usage, rates) for usage in usages]
        found[name] = median(prices).quantize(SMALLEST) if prices else None
    return found


def estimated(system: System, tasks: Sequence[Foreseen]) -> tuple[Foreseen, ...]:
    """A plan, each task with what it would cost."""
    told = estimates(system, [task.asset for task in tasks])
    return tuple(
        replace(task, cost_usd=float(usd) if (usd := told[task.asset]) is not None else None) for task in tasks
    )


def has_budgets(system: System) -> bool:
    """Whether anything has one: without any, nothing is looked up before a run."""
    budgets = system.project.budgets
    return bool(budgets.project or budgets.owners) or any(asset.budget for asset in system.graph)


def limits(system: System, now: dt.datetime) -> tuple[Limit, ...]:
    """All budgets, with what this month (UTC) cost so far. A dashboard's is for it and its share of all above it."""
    start = now.astimezone(dt.UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return tuple(_limits(system, spent(system, start, now)))


def _limits(system: System, spending: Spending) -> Iterator[Limit]:
    own = {line.name: line.own for line in spending.lines()}
    graph, budgets = system.graph, system.project.budgets
    for asset in graph:
        if asset.budget:
            full = spending.flow.full if asset.kind == "dashboard" else own
            usd = full.get(asset.id, Decimal(0))
            members = frozenset({asset.id})
            yield Limit(asset.id, "asset", asset.budget, members, usd, asset.owner, str(asset.place))
    for owner, budget in budgets.owners.items():
        theirs = frozenset(asset.id for asset in graph if asset.owner == owner)
        usd = sum((own.get(name, Decimal(0)) for name in theirs), Decimal(0))
        yield Limit(owner, "owner", budget, theirs, usd, owner, "jusante.yaml")
    if budgets.project:
        name = system.project.name
        yield Limit(name, "project", budgets.project, frozenset(graph.ids), spending.total, None, "jusante.yaml")


def allowance(system: System, tasks: Iterable[str], now: dt.datetime) -> Allowance:
    """What a run that does these tasks may do of them."""
    names = list(tasks)
    told = estimates(system, names)
    passed = decide(limits(system, now), [Planned(name, told[name]) for name in names])
    held = {name: words(each) for name, each in worst(passed).items() if each.policy == "hold"}
    return Allowance(passed, held)


def allowed(
    lake: "Lake", wishes: tuple[str, ...], anew: Collection[str], now: dt.datetime, *, apart: bool = False
) -> Allowance:
    """What a run may do; owners hear of it. Raises OverBudget where a budget refuses it, before anything is done.

    With `apart` nothing is raised: what is refused is to fail, and then its incident tells the owner.
    """
    system = lake.system
    if not has_budgets(system):
        return Allowance()
    likely = {task.asset for task in lake.plan(wishes) if not task.held} | set(anew)
    found = allowance(system, [name for name in system.graph.order if name in likely], now)
    _tell(system, found.passed, now, but=found.refused if apart else ())
    if found.refused and not apart:
        first, more = found.refused[0], len(found.refused) - 1
        what = words(first) + (f"; and {more} more" if more else "")
        raise OverBudget(f"{first.asset} is {what}. Nothing was done", where=first.limit.where, fix=way_out(first))
    return found


def words(passed: Passed) -> str:
    """Why a task is told of, in words."""
    limit = passed.limit
    whose = {"asset": "it", "owner": f"what {limit.subject} owns", "project": "the project"}[limit.kind]
    more = f", and this would add {dollars(passed.usd)}" if passed.usd is not None else ""
    return f"{OVER_BUDGET}: {whose} may cost {dollars(limit.budget.usd_per_month)} a month and cost {dollars(passed.spent)} so far{more}"


def way_out(passed: Passed) -> str:
    """What can be done about it."""
    return f"raise the budget of {passed.limit.subject}, make it less often, or see what costs so much: jusante costs"


def as_dict(passed: Passed) -> dict[str, Any]:
    """A task that would pass a budget, as `--json` prints it, and as the ledger keeps it."""
    return {
        "asset": passed.asset,
        "budget": passed.limit.subject,
        "of": passed.limit.kind,
        "policy": passed.policy,
        "usd_per_month": float(passed.limit.budget.usd_per_month),
        "spent_usd": float(passed.spent),
        "cost_usd": float(passed.usd) if passed.usd is not None else None,
        "what": words(passed),
        "where": passed.limit.where,
        "fix": way_out(passed),
    }


def _tell(system: System, passed: Iterable[Passed], now: dt.datetime, but: Collection[Passed]) -> None:
    """Write down, and tell owners, which budgets are passed: each once a month, and again where something else follows.

    Owners hear otherwise of some (`but`).
    """
    month = f"{now.astimezone(dt.UTC):%Y-%m}"
    known = {_news(event.payload, event.payload["month"]) for event in system.metadata.latest(PASSED, MOST_EVENTS)}
    news: dict[tuple[object, ...], Passed] = {}
    for each in passed:
        if (what := _news(as_dict(each), month)) not in known:
            news.setdefault(what, each)
    system.metadata.tell(
        [Event(PASSED, now, asset=each.asset, payload={**as_dict(each), "month": month}) for each in news.values()]
    )
    notices = [notice for each in news.values() if each not in but and (notice := _notice(system, each, month))]
    if notices:
        tell(system, tuple(notices))


def _news(said: Mapping[str, Any], month: str) -> tuple[object, ...]:
    """What makes that a budget is passed something new: whose it is, how high, what follows, and in which month."""
    return (said.get("of"), said["budget"], said["policy"], said["usd_per_month"], month)


def _notice(system: System, passed: Passed, month: str) -> Notice | None:
    to = passed.limit.owner or system.graph[passed.asset].owner
    if not to:
        return None
    done = {
        "warn": "It is made all the same.",
        "hold": "It is not made, and keeps what it has.",
        "refuse": "No run is done.",
    }
    key = hashlib.sha256(repr((PASSED, to, *_news(as_dict(passed), month))).encode()).hexdigest()[:32]
    text = f"{passed.asset} is {words(passed)}. {done[passed.policy]}\n{way_out(passed)}."
    return Notice(to, f"the budget of {passed.limit.subject} for {month} is spent", text, key, PASSED)
