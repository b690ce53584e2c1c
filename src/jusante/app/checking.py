"""All that is wrong in a project, found without touching its data."""

import os
from pathlib import Path

from jusante.app.columns import lineage_problems
from jusante.app.contract_checking import agreed_problems, contract_problems_among
from jusante.app.glossary import term_problems
from jusante.app.guards import guard_problems
from jusante.app.kinds import kind_problems
from jusante.app.sensitive import sensitive_problems
from jusante.app.system import System
from jusante.core.environment import Project
from jusante.core.problem import Problem
from jusante.engineering.project import read_problems
from jusante.engineering.project.dbt import stale_imports
from jusante.engineering.settings import resolve
from jusante.plugins import Connectors
from jusante.transformation.sql_analysis import analyse


def check(folder: Path, environment: str | None = None) -> tuple[Project | None, list[Problem]]:
    """A project as far as it can be read, all that is wrong in it, and what is doubtful. Touches no data."""
    from jusante.management.quality import problems as check_problems

    project, problems = read_problems(
        folder.resolve(), environment, kinds=Connectors(), analyse=analyse, variables=os.environ
    )
    problems += stale_imports(folder.resolve())
    for asset in project.graph if project else ():
        problems += check_problems(asset.checks, str(asset.place))
    problems = contract_problems_among(folder.resolve(), problems)
    if project and not any(problem.severity == "error" for problem in problems):
        problems += _compiled(project)
    return project, problems


def _compiled(project: Project) -> list[Problem]:
    """What shows only in a project that can be read: where its columns go, what was promised of them, what they mean,
    and what its queries do to the number of rows.
    """
    system = System(project, resolve(project))
    try:
        return [
            *sensitive_problems(system),
            *lineage_problems(system),
            *agreed_problems(system),
            *term_problems(system),
            *guard_problems(system),
            *kind_problems(system),
        ]
    finally:
        system.close()
