"""Contracts as `check` sees them: each against the standard, and all of them against the project."""

from pathlib import Path

from jusante.app.columns import columns_of
from jusante.app.system import System
from jusante.core.problem import Problem
from jusante.engineering.project.contracts import ENDINGS, FOLDER
from jusante.engineering.project.documents import parse
from jusante.engineering.project.problems import Findings, by_place
from jusante.errors import ExtraMissing
from jusante.management.contracts.compiling import contract_problems, unpromised_reads


def contract_problems_among(folder: Path, problems: list[Problem]) -> list[Problem]:
    """The problems with all that the standard has against the project's contracts; what both tell is told once."""
    paths = sorted(path for path in (folder / FOLDER).glob("*") if path.name.endswith(ENDINGS) and path.is_file())
    if not paths:
        return problems
    findings = Findings()
    for path in paths:
        try:
            hold_file(path, path.relative_to(folder).as_posix(), findings)
        except ExtraMissing as missing:
            findings.warn("J159", missing.what, path.relative_to(folder).as_posix(), missing.fix)
            break
    told = {problem.where for problem in findings.problems}
    kept = [p for p in problems if not (p.where in told and p.code in {"J102", "J103", "J104"})]
    return [*kept, *sorted(findings.problems, key=by_place)]


def hold_file(path: Path, name: str, findings: Findings) -> None:
    """Hold one file against the standard. That it is no YAML is for the project's reader to say."""
    from jusante.engineering.project.standard import hold_against_standard

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return
    document = parse(text, name, Findings())
    if document:
        hold_against_standard(document, findings)


def agreed_problems(system: System) -> list[Problem]:
    """Where contracts and the project do not go together."""
    project = system.project
    if not project.contracts:
        return []
    tables = system.tables()

    def loaded(name: str) -> tuple[str, ...] | None:
        table = tables.get(name)
        return table.schema.names if table else None

    reads = unpromised_reads(project.contracts, project.graph, columns_of(system))
    return [*contract_problems(project.contracts, project.sources, loaded), *reads]
