"""The whole folder: `jusante.yaml`, sources, contracts, models, steps, dashboards, and what only shows when all are together."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jusante.core.asset import Asset
from jusante.core.environment import Environment, Project, ProjectFile
from jusante.core.graph import Graph, cycle
from jusante.core.model import Query
from jusante.core.names import nearest
from jusante.core.problem import Problem
from jusante.core.secret import SHORTEST_KEY, Secret, is_weak
from jusante.core.source import Source
from jusante.engineering.project.budgets import check_budgets
from jusante.engineering.project.conditions import check_conditions, check_hooks
from jusante.engineering.project.context import Context
from jusante.engineering.project.contracts import read_contracts
from jusante.engineering.project.dbt import joined, read_dbt
from jusante.engineering.project.documents import Document
from jusante.engineering.project.glossary import read_glossary
from jusante.engineering.project.models import read_models, suggestion
from jusante.engineering.project.problems import Findings, ProjectProblems
from jusante.engineering.project.references import resolved, unresolved
from jusante.engineering.project.sources import read_sources
from jusante.engineering.project.steps import read_dashboards, read_exposures, read_steps
from jusante.engineering.project.timing import check_memory, check_pools, check_sizes
from jusante.engineering.project.validating import validated
from jusante.engineering.state import DEFAULT_ENVIRONMENT
from jusante.ports.connector import ConnectorKinds


def read_project(
    folder: Path,
    environment: str | None,
    *,
    kinds: ConnectorKinds,
    analyse: Callable[[str], Query],
    variables: Mapping[str, str],
) -> Project:
    """A project that can be used. Raises ProjectProblems with everything that keeps it from that.

    Secrets of sources may be missing: `Project.unready` tells.
    """
    project, problems = read_problems(folder, environment, kinds=kinds, analyse=analyse, variables=variables)
    if project is None:
        raise ProjectProblems([problem for problem in problems if problem.severity == "error"])
    return project


def read_problems(
    folder: Path,
    environment: str | None,
    *,
    kinds: ConnectorKinds,
    analyse: Callable[[str], Query],
    variables: Mapping[str, str],
) -> tuple[Project | None, list[Problem]]:
    """The project, as far as it can be read, and all that is wrong or doubtful in it."""
    findings = Findings()
    context = Context(folder, kinds, analyse, variables, findings)
    chosen = environment or DEFAULT_ENVIRONMENT
    file = _read_file(context, chosen)
    sources: dict[str, Source] = {}
    assets: list[Asset] = []
    linked = read_dbt(context)
    for source, tables in [*read_sources(context), *linked.seeds]:
        _take(findings, source, sources, tables)
        assets += tables
    assets += [*read_models(context), *read_steps(context), *read_dashboards(context), *read_exposures(context)]
    contracts, glossary = read_contracts(context), read_glossary(context)
    graph = _graph(findings, joined(context, assets, linked), sources)
    if file is None or graph is None:
        return None, findings.problems
    settings = {DEFAULT_ENVIRONMENT: Environment(), **file.environments}[chosen]
    check_pools(graph, settings, findings)
    check_memory(graph, findings)
    check_sizes(graph, findings)
    check_budgets(context, file.budgets, graph)
    check_conditions(graph, settings, analyse, findings)
    if findings.errors:
        return None, findings.problems
    project = Project(
        file.name,
        folder,
        chosen,
        settings,
        sources,
        graph,
        unready=findings.unready,
        contracts=contracts,
        glossary=glossary,
        handlings=file.sensitive,
        guards=file.guards,
        budgets=file.budgets,
    )
    return project, findings.problems


def read_bare(
    folder: Path,
    environment: str | None,
    *,
    kinds: ConnectorKinds,
    analyse: Callable[[str], Query],
    variables: Mapping[str, str],
) -> Project:
    """A project without its assets, whatever is wrong with those: where its parts lie. Raises ProjectProblems."""
    findings = Findings()
    chosen = environment or DEFAULT_ENVIRONMENT
    file = _read_file(Context(folder, kinds, analyse, variables, findings), chosen)
    if file is None:
        raise ProjectProblems(findings.problems)
    settings = {DEFAULT_ENVIRONMENT: Environment(), **file.environments}[chosen]
    return Project(file.name, folder, chosen, settings, {}, Graph(()))


def _read_file(context: Context, chosen: str) -> ProjectFile | None:
    path = context.folder / "jusante.yaml"
    if not path.is_file():
        context.findings.add(
            "J101", f"there is no jusante.yaml in {context.folder.name}", "jusante.yaml", "jusante init makes a project"
        )
        return None
    document = context.document(path)
    if document is None:
        return None
    data = _resolve_chosen(context, document, chosen)
    file = validated(ProjectFile, data, document, (), context.findings)
    if file is None:
        return None
    known = {DEFAULT_ENVIRONMENT: Environment(), **file.environments}
    if chosen not in known:
        near = nearest(chosen, known)
        fix = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
        context.findings.add("J103", f"there is no environment {chosen}", document.place(("environments",)), fix)
        return None
    _check_keys(context, document, chosen, known[chosen])
    check_hooks(document, chosen, known[chosen], context.findings)
    return file


def _check_keys(context: Context, document: Document, chosen: str, environment: Environment) -> None:
    """A key of masks stands by reference, and cannot be guessed. One whose variable is not set is told as such."""
    key, place = environment.keys.masks, document.place(("environments", chosen, "keys", "masks"))
    if isinstance(key, Secret) and key.reveal() and is_weak(key):
        what = f"the key of masks can be guessed: it is less than {SHORTEST_KEY} characters, or the same few again and again"
        context.findings.add("J152", what, place, 'python -c "import secrets; print(secrets.token_hex(32))" makes one')
    elif key is not None and not isinstance(key, Secret):
        context.findings.add("J106", "the key of masks is written into this file", place, "write it as ${env:MASK_KEY}")


def _resolve_chosen(context: Context, document: Document, chosen: str) -> dict[str, Any]:
    """Only the chosen environment's references are looked up: dev does not need the secrets of prod."""
    environments = document.data.get("environments")
    if not isinstance(environments, dict):
        return document.data
    known = {name: unresolved(said) for name, said in environments.items()}
    if chosen in environments:
        path = ("environments", chosen)
        found = resolved(environments[chosen], path, document, context.folder, context.variables, context.findings)
        known[chosen] = found or {}
    return {**document.data, "environments": known}


def _take(findings: Findings, source: Source, sources: dict[str, Source], tables: list[Asset]) -> None:
    if source.source in sources:
        place = tables[0].place if tables else "sources"
        findings.add("J112", f"two sources are called {source.source}", place, "rename one of them")
    sources[source.source] = source


def _graph(findings: Findings, assets: list[Asset], sources: Mapping[str, Source]) -> Graph | None:
    """The graph of the assets; None, and findings, where they do not make one."""
    known: dict[str, Asset] = {}
    for asset in assets:
        if asset.id in known:
            findings.add(
                "J112", f"{asset.id} is made twice, also in {known[asset.id].place}", asset.place, "rename one of them"
            )
        elif asset.kind in {"model", "view"} and asset.id.partition(".")[0] in sources:
            folder = asset.id.partition(".")[0]
            what, fix = f"the folder models/{folder} bears the name of a source", "rename the folder"
            if not asset.place.file.startswith("models/"):
                what, fix = (
                    f"{asset.id} of dbt bears the name of a source",
                    f"say `schemas: {{{folder}: …}}` in its link",
                )
            findings.add("J112", what, asset.place, fix)
        known[asset.id] = asset
    for asset in assets:
        _check_inputs(findings, asset, known)
    circle = cycle({name: [a for a in asset.inputs if a in known] for name, asset in known.items()})
    if circle:
        findings.add(
            "J111",
            f"these read each other in a circle: {' → '.join(circle)}",
            known[circle[0]].place,
            "break it in one place",
        )
    return None if findings.errors else Graph(known.values())


def _check_inputs(findings: Findings, asset: Asset, known: Mapping[str, Asset]) -> None:
    for name in asset.inputs:
        if name in findings.unread or name.partition(".")[0] in findings.unread:
            continue
        if name not in known or ":" in name:
            place = asset.places.get(name, asset.place)
            tables = tuple(made for made in known if ":" not in made)
            findings.add("J110", f"nobody makes {name}, which {asset.id} reads", place, suggestion(name, tables))
        elif asset.is_made and known[name].elsewhere:
            what = f"{asset.id} reads {name}, which is not here: {known[name].elsewhere}"
            findings.add(
                "J197",
                what,
                asset.places.get(name, asset.place),
                "ingest it, or make it here and say `instead` in the link",
            )


def tables_here(
    folder: Path, *, kinds: ConnectorKinds, analyse: Callable[[str], Query], variables: Mapping[str, str]
) -> frozenset[str]:
    """The tables that a project makes by itself, dbt projects left aside, whatever else is wrong in it."""
    context = Context(folder, kinds, analyse, variables, Findings())
    ingested = [table.id for _, tables in read_sources(context) for table in tables]
    return frozenset([*ingested, *(model.id for model in read_models(context))])
