"""What the guards say of a project's queries, and what follows from it: told, or refused."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jusante.app.system import System
from jusante.core.asset import Asset
from jusante.core.guard import Policy
from jusante.core.place import Place
from jusante.core.problem import Problem
from jusante.core.schema import Schema
from jusante.errors import QueryRefused

if TYPE_CHECKING:
    from jusante.transformation.guards import Found, Rule
    from jusante.transformation.row_growth.project import Growth


MOST_SIZED = 8
PLAN_SECONDS = 2.0
"""How many joins a plan counts the rows of, and how long it may take over one."""


@dataclass(frozen=True, slots=True)
class Warned:
    """What a guard found in an asset, where in the project, and what happens. `reason`: somebody has allowed it."""

    asset: Asset
    found: "Found"
    place: Place
    policy: Policy
    reason: str = ""

    @property
    def problem(self) -> Problem:
        """As `jusante check` tells it."""
        severity = "error" if self.policy == "refuse" else "warning"
        return Problem(self.found.code, severity, f"{self.asset.id}: {self.found.what}", str(self.place), self._fix)  # type: ignore[arg-type]

    @property
    def _fix(self) -> str:
        allow = f"; meant so? allow: {{{self.found.code}: why}} in the header" if self.policy == "refuse" else ""
        return self.found.fix + allow


def growth_of(system: System) -> "Growth":
    """What a project's queries do to the number of rows, as far as columns are known."""
    from jusante.transformation.row_growth.project import Growth

    tables = system.tables()

    def published(name: str) -> Schema | None:
        table = tables.get(name)
        return table.schema if table else None

    return Growth(system.graph, published)


def warnings_of(system: System, asset: Asset, growth: "Growth") -> Iterator[Warned]:
    """What the guards say of an asset; what a project has switched off is left out."""
    from jusante.transformation.guards import RULES, first_line_of, found_in

    for found in found_in(asset, system.graph, growth):
        rule = RULES[found.code]
        policy = system.project.guards.get(rule.code, rule.policy)
        if policy == "off":
            continue
        if asset.kind == "dashboard":
            policy = "warn"
        line = first_line_of(asset)
        place = Place(asset.place.file, line + found.line) if asset.kind in {"model", "view"} else asset.place
        yield Warned(asset, found, place, policy, asset.allowed.get(rule.code, ""))


def guard_problems(system: System) -> list[Problem]:
    """What `check` has to say of queries, what is allowed left out."""
    growth = growth_of(system)
    return [
        warned.problem for asset in system.graph for warned in warnings_of(system, asset, growth) if not warned.reason
    ]


def foreseen_growth(system: System, names: Iterable[str]) -> list[tuple[Warned, str]]:
    """What the guards say of joins in assets that are about to be built, and by how much they inflate, in words.

    A few of them are counted on the published data, each for a second or two at the most.
    """
    from jusante.app.growth_size import size

    growth = growth_of(system)
    found = [
        warned
        for name in names
        for warned in warnings_of(system, system.graph[name], growth)
        if warned.found.blame is not None and not warned.reason
    ]
    sized = [size(system, warned.found, PLAN_SECONDS) for warned in found[:MOST_SIZED]]
    told = [each.told(warned.found.measures) if each else "" for warned, each in zip(found, sized, strict=False)]
    return [(warned, told[number] if number < len(told) else "") for number, warned in enumerate(found)]


def rules() -> Mapping[str, "Rule"]:
    """All rules of the guards, by number."""
    from jusante.transformation.guards import RULES

    return RULES


class Guardian:
    """Keeps a run from queries that a guard refuses. Tasks ask at the same time."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._asking = threading.Lock()

    def allow(self, asset: Asset) -> None:
        """Raise QueryRefused where a guard refuses the query of an asset."""
        with self._asking:
            found = [
                warned
                for warned in warnings_of(self._system, asset, growth_of(self._system))
                if warned.policy == "refuse" and not warned.reason
            ]
        if found:
            problem = found[0].problem
            raise QueryRefused(f"{problem.code} {problem.what}", where=problem.where, fix=problem.fix)
