"""What the nodes of a dbt project are called here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from jusante.core.dbt import DbtLink
from jusante.core.names import nearest
from jusante.core.problem import Problem
from jusante.engineering.project import ProjectProblems
from jusante.transformation.dbt.manifest import Manifest, Node

TABLES = ("model", "seed", "snapshot")


@dataclass(frozen=True, slots=True)
class Names:
    """The tables here by dbt's unique ids. `ours` are those that this project makes in place of a node of dbt."""

    tables: Mapping[str, str]
    ours: frozenset[str]
    named: Mapping[str, str] = field(default_factory=dict)

    def called(self, name: str) -> str | None:
        """The table here that dbt calls by a name, a model's or a source's table."""
        return self.tables.get(self.named.get(name, ""))


def names_of(manifest: Manifest, link: DbtLink, here: frozenset[str]) -> Names:
    """A name here for each model, seed, snapshot and source; `here` are the tables that this project makes.

    Raises ProjectProblems where two would bear one name, or the link names what is not there.
    """
    _refuse_strangers(manifest, link, here)
    tables: dict[str, str] = {}
    ours: set[str] = set()
    for node in manifest.of_type(*TABLES):
        key = str(node["unique_id"])
        tables[key] = link.instead.get(str(node["name"])) or _model_name(node, manifest, link)
        if str(node["name"]) in link.instead:
            ours.add(key)
    seeds = {str(seed.get("relation_name")): tables[str(seed["unique_id"])] for seed in manifest.of_type("seed")}
    for key, source in sorted(manifest.part("sources").items()):
        tables[key], known = _source_name(source, link, here)
        if not known and (seed := seeds.get(str(source.get("relation_name")))):
            tables[key], known = seed, True  # a project may declare what its own seeds fill as a source
        if known:
            ours.add(key)
    _refuse_clashes(manifest, link, {key: name for key, name in tables.items() if key not in ours})
    named = {str(found["name"]): key for key in tables if (found := manifest.node(key))}
    return Names(tables, frozenset(ours), named)


def _model_name(node: Node, manifest: Manifest, link: DbtLink) -> str:
    """`folder.alias`: the schema that dbt's project asks for, else the folder under `models/`, else the link's name.

    dbt itself puts the target's schema before it, which is another for each developer.
    """
    schema = node.get("config", {}).get("schema")
    if node["resource_type"] == "seed":
        space = schema or f"{link.dbt}_seeds"
    elif schema:
        space = schema
    elif node.get("package_name") != manifest.project:
        space = node["package_name"]
    else:
        folders = node["fqn"][1 : -1 if node.get("version") is None else -2]  # a version stands behind its model's name
        space = folders[0] if folders else link.dbt
    return f"{link.schemas.get(str(space), _word(str(space)))}.{node.get('alias') or node['name']}"


def _source_name(source: Node, link: DbtLink, here: frozenset[str]) -> tuple[str, bool]:
    """The table that a source of dbt is here, and whether this project makes it."""
    space, name = str(source["source_name"]), str(source["name"])
    identifier = str(source.get("identifier") or name)
    told = link.sources.get(f"{space}.{name}")
    folder = link.sources.get(space)
    spaces = [folder] if folder else [space, str(source.get("schema") or space)]
    for candidate in [told] if told else [f"{s}.{n}" for s in spaces for n in dict.fromkeys((identifier, name))]:
        if candidate and candidate in here:
            return candidate, True
    return told or f"{_word(folder or space)}.{name}", False


def _word(name: str) -> str:
    word = re.sub(r"\W", "_", name)
    return word if word[:1].isalpha() or word[:1] == "_" else f"_{word}"


def _refuse_strangers(manifest: Manifest, link: DbtLink, here: frozenset[str]) -> None:
    """The link may speak of what there is, and of nothing else."""
    place = f"dbt/{link.dbt}.yaml"
    sources = manifest.part("sources").values()
    known = {str(s["source_name"]) for s in sources} | {f"{s['source_name']}.{s['name']}" for s in sources}
    models = {str(node["name"]) for node in manifest.of_type(*TABLES)}
    found = [
        *(_stranger(key, "source", known, place) for key in link.sources if key not in known),
        *(_stranger(key, "model", models, place) for key in link.instead if key not in models),
        *(
            Problem(
                "J110", "error", f"nobody makes {table}, which stands in for {key}", place, "make it, or take it out"
            )
            for key, table in link.instead.items()
            if table not in here
        ),
    ]
    if found:
        raise ProjectProblems(found)


def _stranger(name: str, kind: str, known: set[str], place: str) -> Problem:
    near = nearest(name, known)
    fix = f"did you mean {near}?" if near else f"there are {', '.join(sorted(known)[:8]) or 'none'}"
    return Problem("J195", "error", f"the dbt project has no {kind} {name}", place, fix)


def _refuse_clashes(manifest: Manifest, link: DbtLink, tables: Mapping[str, str]) -> None:
    takers: dict[str, list[str]] = {}
    for key, name in tables.items():
        takers.setdefault(name.lower(), []).append(key)
    problems = []
    for keys in takers.values():
        if len(keys) > 1:
            first = manifest.node(keys[-1]) or {}
            what = f"{' and '.join(keys)} would both be {tables[keys[0]]}"
            where = f"{link.project}/{first.get('original_file_path', '')}"
            problems.append(
                Problem(
                    "J194",
                    "error",
                    what,
                    where,
                    "give one an alias in dbt, or its folder another name: schemas in the link",
                )
            )
    if problems:
        raise ProjectProblems(problems)
