"""What the guards say of a project's queries, and what follows from it: told, or refused."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jusante.app.system import System
from jusante.core.asset import Asset
from jusante.core.guard import Policy
from jusante.core.place import Place
from jusante.core.problem import Problem, Severity
from jusante.core.schema import Schema
from jusante.errors import QueryRefused
from jusante.management.lake import Tables

if TYPE_CHECKING:
    from jusante.transformation.guards import Found, Rule


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
        severity: Severity = "error" if self.policy == "refuse" else "warning"
        return Problem(self.found.code, severity, f"{self.asset.id}: {self.found.what}", str(self.place), self._fix)

    @property
    def _fix(self) -> str:
        allow = f"; meant so? allow: {{{self.found.code}: why}} in the header" if self.policy == "refuse" else ""
        return self.found.fix + allow


class Guards:
    """The guards of a project: what they found before is kept, and what has changed is looked at again."""

    def __init__(self, system: System, tables: Tables | None = None) -> None:
        from jusante.transformation.guards import KeptFindings
        from jusante.transformation.row_growth.project import Growth

        self._system = system
        self._tables = tables or system.tables()
        self.growth: Growth = Growth(system.graph, self._published)
        self._kept = KeptFindings(system.settings.state / "guards.json", system.graph, self._published)

    def _published(self, name: str) -> Schema | None:
        table = self._tables.get(name)
        return table.schema if table else None

    def over(self, asset: Asset) -> Iterator[Warned]:
        """What the guards say of an asset; what a project has switched off is left out."""
        from jusante.transformation.guards import RULES, first_line_of

        for found in self._found(asset):
            rule = RULES[found.code]
            policy = self._system.project.guards.get(rule.code, rule.policy)
            if policy == "off":
                continue
            if asset.kind == "dashboard" or asset.elsewhere:  # there is no header to allow it in
                policy = "warn"
            line = first_line_of(asset) + found.line
            place = Place(asset.place.file, line) if asset.kind in {"model", "view"} else asset.place
            yield Warned(asset, found, place, policy, asset.allowed.get(rule.code, ""))

    def _found(self, asset: Asset) -> "tuple[Found, ...]":
        from jusante.transformation.guards import found_in

        found = self._kept.get(asset)
        if found is None:
            found = tuple(found_in(asset, self._system.graph, self.growth))
            self._kept.put(asset, found)
        return found

    def save(self) -> None:
        """Keep what was found for the next command."""
        if self._system.settings.state.is_dir():
            self._kept.save()


def guard_problems(system: System) -> list[Problem]:
    """What `check` has to say of queries, what is allowed left out."""
    guards = Guards(system)
    problems = [warned.problem for asset in system.graph for warned in guards.over(asset) if not warned.reason]
    guards.save()
    return problems


def foreseen_growth(system: System, names: Iterable[str]) -> list[tuple[Warned, str]]:
    """What the guards say of joins in assets that are about to be built, and by how much they inflate, in words.

    A few of them are counted on the published data, each for a second or two at the most.
    """
    from jusante.app.growth_size import size

    guards = Guards(system)
    found = [
        warned
        for name in names
        for warned in guards.over(system.graph[name])
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
    """Keeps a run from queries that a guard refuses. Tasks ask at the same time, each once its inputs are there."""

    def __init__(self, system: System, tables: Tables) -> None:
        self._system = system
        self._tables = tables
        self._asking = threading.Lock()
        self._guards: Guards | None = None

    def allow(self, asset: Asset) -> None:
        """Raise QueryRefused where a guard refuses the query of an asset."""
        with self._asking:
            self._guards = self._guards or Guards(self._system, self._tables)
            found = [each for each in self._guards.over(asset) if each.policy == "refuse" and not each.reason]
        if found:
            problem = found[0].problem
            raise QueryRefused(f"{problem.code} {problem.what}", where=problem.where, fix=problem.fix)

    def save(self) -> None:
        """Keep what was found for the next command."""
        if self._guards:
            self._guards.save()
