"""`import dbt`: a dbt project compiled, read, and written down as what stands in the graph."""

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from jusante.core.dbt import DbtImport, DbtLink, DbtOrigin
from jusante.engineering.project import ProjectProblems, tables_here
from jusante.engineering.project.dbt import digest_of, digests
from jusante.engineering.project.documents import parse
from jusante.engineering.project.problems import Findings
from jusante.engineering.project.validating import validated
from jusante.errors import UsageError
from jusante.plugins import Connectors
from jusante.transformation.dbt.importing import Importer
from jusante.transformation.dbt.manifest import Manifest, problem, read_catalog, read_manifest
from jusante.transformation.dbt.program import compiled
from jusante.transformation.dbt.told import Imported
from jusante.transformation.sql_analysis import analyse

Step = Callable[[str], None]
"""Is told what goes on."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an import was called with. Without a `project`, all that are linked are imported again.

    With a `manifest`, dbt is not run. `settings` are those of the link to be written.
    """

    project: Path | None = None
    manifest: Path | None = None
    catalog: Path | None = None
    docs: bool = False
    dry: bool = False
    settings: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """An import, and the files it wrote; none where it was a dry run."""

    link: DbtLink
    imported: Imported
    files: tuple[str, ...]


def import_dbt(folder: Path, wish: Wish, step: Step = lambda _: None) -> tuple[Written, ...]:
    """Import dbt projects into a project. Raises ProjectProblems, UsageError; nothing is written then."""
    folder = folder.resolve()
    if not (folder / "jusante.yaml").is_file():
        raise UsageError("there is no jusante.yaml here", where=str(folder), fix="jusante init makes a project")
    links = known_links(folder)
    if wish.project is not None:
        links = (_link_of(folder, wish, links),)
    elif wish.settings or ((wish.manifest or wish.catalog) and len(links) != 1):
        raise UsageError("which dbt project?", fix="name its folder: jusante import dbt ../warehouse")
    if not links:
        raise UsageError("no dbt project is linked here yet", fix="name its folder: jusante import dbt ../warehouse")
    made = [(link, _imported(folder, link, wish, step)) for link in links]
    return tuple(Written(link, found, () if wish.dry else _write(folder, link, found.content)) for link, found in made)


def known_links(folder: Path) -> tuple[DbtLink, ...]:
    """The dbt projects that are linked. Raises ProjectProblems."""
    findings, found = Findings(), []
    for path in sorted([*(folder / "dbt").glob("*.yaml"), *(folder / "dbt").glob("*.yml")]):
        document = parse(path.read_text(encoding="utf-8"), f"dbt/{path.name}", findings)
        link = validated(DbtLink, {"dbt": path.stem, **document.data}, document, (), findings) if document else None
        found += [link] if link else []
    if findings.errors:
        raise ProjectProblems(findings.errors)
    return tuple(found)


def _link_of(folder: Path, wish: Wish, known: tuple[DbtLink, ...]) -> DbtLink:
    """The link to the dbt project that was named: the one there is, or a new one."""
    assert wish.project is not None
    place = wish.project.resolve()
    if not (place / "dbt_project.yml").is_file():
        raise problem("J190", "there is no dbt_project.yml here", str(wish.project), "name the folder of a dbt project")
    project = Path(os.path.relpath(place, folder)).as_posix()
    settings = {key: value for key, value in (wish.settings or {}).items() if value is not None}
    there = next((link for link in known if (folder / link.project).resolve() == place), None)
    if there and any(getattr(there, key) != value for key, value in settings.items()):
        file = f"dbt/{there.dbt}.yaml"
        raise UsageError(f"this dbt project is linked already, and otherwise: {file}", where=file, fix=f"change {file}")
    if there:
        return there
    name = settings.pop("dbt", None) or _word(place.name)
    if any(link.dbt == name for link in known):
        raise UsageError(f"another dbt project is called {name} here", where=f"dbt/{name}.yaml", fix="--name another")
    return DbtLink.model_validate({"dbt": name, "project": project, **settings})


def _imported(folder: Path, link: DbtLink, wish: Wish, step: Step) -> Imported:
    place = folder / link.project
    if not place.is_dir():
        raise problem(
            "J190", "the dbt project is not on this machine", link.project, f"see project in dbt/{link.dbt}.yaml"
        )
    manifest, catalog = _artifacts(folder, link, wish, step)
    step(f"reading {link.dbt}")
    files = digests(place)
    doubts = _refuse_old(manifest, place, wish.manifest) if wish.manifest else ()
    here = tables_here(folder, kinds=Connectors(), analyse=analyse, variables=os.environ)
    origin = DbtOrigin(
        folder=link.project,
        project=manifest.project,
        version=manifest.version,
        adapter=manifest.adapter,
        link=digest_of(link),
        files=files,
    )
    known = read_catalog(catalog) if catalog else {}
    try:
        return replace(Importer(manifest, known, link, here, place).imported(origin), doubts=doubts)
    except KeyError as missing:  # a manifest is read as it is: nobody wrote down all of its forms
        what = f"the manifest is not as dbt writes it: {missing} is missing in a node"
        raise problem("J191", what, str(wish.manifest or "manifest.json"), "dbt compile writes it anew") from missing


def _artifacts(folder: Path, link: DbtLink, wish: Wish, step: Step) -> tuple[Manifest, Path | None]:
    """The manifest, made by dbt unless one was named, and the catalog's file, where there is one."""
    if wish.manifest:
        beside = wish.manifest.with_name("catalog.json")
        return read_manifest(wish.manifest), wish.catalog or (beside if beside.is_file() else None)
    target = folder / ".jusante" / "dbt" / link.dbt
    target.mkdir(parents=True, exist_ok=True)
    step(f"dbt compiles {link.dbt}")
    compiled(link, folder / link.project, target, docs=wish.docs)
    theirs = next(
        (path for path in (target, folder / link.project / "target") if (path / "catalog.json").is_file()), None
    )
    return read_manifest(target / "manifest.json"), wish.catalog or (theirs and theirs / "catalog.json")


def _refuse_old(manifest: Manifest, place: Path, path: Path) -> tuple[str, ...]:
    """Raise ProjectProblems for a manifest of other texts than the project has; what is doubtful beside that."""
    fix = "dbt compile; or leave --manifest away, and dbt is run"
    if changed := manifest.differs_from(place):
        raise problem("J192", f"{changed} is another one than the manifest has", str(path), fix)
    later = manifest.older_than(place)
    return (f"{later} has a later time than the manifest, which may be old",) if later else ()


def _write(folder: Path, link: DbtLink, content: DbtImport) -> tuple[str, ...]:
    """The import, and the link where there is none yet."""
    (folder / "dbt").mkdir(exist_ok=True)
    files = [f"dbt/{link.dbt}.json"]
    text = json.dumps(packed(content), indent=1, ensure_ascii=False) + "\n"
    draft = folder / "dbt" / f".{link.dbt}.draft"
    draft.write_text(text, encoding="utf-8")
    draft.replace(folder / files[0])
    if not any((folder / "dbt" / f"{link.dbt}{suffix}").exists() for suffix in (".yaml", ".yml")):
        files.insert(0, f"dbt/{link.dbt}.yaml")
        (folder / files[0]).write_text(link_text(link), encoding="utf-8")
    return tuple(files)


def packed(content: DbtImport) -> dict[str, Any]:
    """An import as plain data without what is as it is by default; SQL line by line, so that changes can be read."""
    found = _plain(content)
    for model in found.get("models", ()):
        if "sql" in model:
            model["sql"] = model["sql"].split("\n")
    return {"form": content.form, **found}


def _plain(value: Any) -> Any:
    """A noun as plain data; each check keeps its kind, by which it is read."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return {
            field.alias or name: _plain(found)
            for name, field in fields.items()
            if (found := getattr(value, name)) != field.get_default(call_default_factory=True) or name == "kind"
        }
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def link_text(link: DbtLink) -> str:
    """The link as a file to go on writing in."""
    told = {key: value for key, value in link.model_dump(mode="json", exclude_defaults=True).items() if key != "dbt"}
    head = f"# The dbt project {link.dbt}. `jusante import dbt` reads it again; what it found is in {link.dbt}.json.\n"
    return head + str(yaml.safe_dump({"dbt": link.dbt, **told}, sort_keys=False, allow_unicode=True))


def _word(name: str) -> str:
    word = re.sub(r"\W", "_", name)
    return word if word[:1].isalpha() or word[:1] == "_" else f"dbt_{word}"
