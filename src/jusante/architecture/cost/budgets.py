"""Budgets, decided before a run: what this month cost so far, and what the run would add to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from jusante.core.cost import Budget, Overrun


@dataclass(frozen=True, slots=True)
class Limit:
    """A budget as it stands: for what (`asset`, `owner`, `project`), which assets count, what they cost this month."""

    subject: str
    kind: str
    budget: Budget
    members: frozenset[str]
    spent: Decimal
    owner: str | None = None
    where: str = ""

    @property
    def left(self) -> Decimal:
        """What is left of it; less than nothing where it is passed."""
        return self.budget.usd_per_month - self.spent


@dataclass(frozen=True, slots=True)
class Planned:
    """A task that a run would do, and what that is estimated to cost; None where nobody can tell."""

    asset: str
    usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Passed:
    """A task that would pass a budget. `spent` is what the month cost before it, with the tasks of this run before it."""

    asset: str
    limit: Limit
    spent: Decimal
    usd: Decimal | None

    @property
    def policy(self) -> Overrun:
        """What happens."""
        return self.limit.budget.policy


def decide(limits: Iterable[Limit], planned: Sequence[Planned]) -> tuple[Passed, ...]:
    """The tasks that would pass a budget, in the order of the budgets, then of the tasks.

    A task passes one where its month would cost more with it; of a cost that nobody can tell, where it is spent already.
    A task that is held adds nothing to what comes after it.
    """
    found: list[Passed] = []
    for limit in limits:
        held = {passed.asset for passed in found if passed.policy == "hold"}
        found += _over(limit, [task for task in planned if task.asset in limit.members and task.asset not in held])
    return tuple(found)


def _over(limit: Limit, planned: Iterable[Planned]) -> list[Passed]:
    found, spent, most = [], limit.spent, limit.budget.usd_per_month
    for task in planned:
        after = spent + (task.usd or Decimal(0))
        is_over = after > most or (task.usd is None and spent >= most)
        if is_over:
            found.append(Passed(task.asset, limit, spent, task.usd))
        if not is_over or limit.budget.policy != "hold":
            spent = after
    return found


def worst(passed: Iterable[Passed]) -> Mapping[str, Passed]:
    """For each asset the hardest of what happens to it: refused before held before warned of."""
    hardness = {"refuse": 2, "hold": 1, "warn": 0}
    found: dict[str, Passed] = {}
    for each in passed:
        if each.asset not in found or hardness[each.policy] > hardness[found[each.asset].policy]:
            found[each.asset] = each
    return found
