"""`dbt/*.yaml`, and beside each what was imported from its dbt project, `dbt/*.json`."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from jusante.core.asset import Asset, Ingested
from jusante.core.check import Check, Sql, tables_of
from jusante.core.dbt import FORM, DbtExposure, DbtImport, DbtLink, DbtModel, DbtTable
from jusante.core.model import ForeignModel, QueryProblem, SqlModel
from jusante.core.place import Place
from jusante.core.problem import Problem
from jusante.core.source import Source
from jusante.core.words import counted
from jusante.engineering.project.context import Context
from jusante.engineering.project.validating import validated

AGAIN = "jusante import dbt"
_LEFT_OUT = frozenset({"target", "dbt_packages", "dbt_modules", "logs", "node_modules", "venv", "env", "site-packages"})
_KINDS = (".sql", ".yml", ".yaml", ".py", ".md")
MOST_FILES = 100_000


@dataclass(slots=True)
class Linked:
    """What dbt projects bring: assets, sources with the seeds they hold, checks of tables that others bring."""

    assets: list[Asset] = field(default_factory=list)
    seeds: list[tuple[Source, list[Asset]]] = field(default_factory=list)
    checks: dict[str, tuple[Check, ...]] = field(default_factory=dict)


def read_dbt(context: Context) -> Linked:
    """Every dbt project that is linked."""
    linked = Linked()
    for link, found in _links(context):
        content = _content(context, link, found)
        if content is None:
            continue
        linked.assets += [asset for model in content.models if (asset := _model(context, link, model))]
        linked.assets += [_elsewhere(link, table) for table in content.sources]
        linked.assets += [_exposure(link, each) for each in content.exposures]
        linked.seeds += _seeds(context, link, content.seeds)
        linked.checks |= {name: linked.checks.get(name, ()) + checks for name, checks in content.checks.items()}
    return linked


def joined(context: Context, assets: Iterable[Asset], linked: Linked) -> list[Asset]:
    """The assets of a project and those of its dbt projects: what is ingested here after all is not also elsewhere."""
    own = [_checked(asset, linked.checks.get(asset.id, ())) for asset in assets]
    known = {asset.id for asset in own}
    found = list(own)
    for asset in linked.assets:
        if asset.id in known and isinstance(asset.definition, Ingested):
            context.findings.warn(
                "J192", f"{asset.id} is made here by now, and was not at the last import", asset.place, AGAIN
            )
        else:
            found.append(asset)
    return found


def _links(context: Context) -> Iterator[tuple[DbtLink, Place]]:
    for path in context.files("dbt", "*.yaml", "*.yml"):
        document = context.document(path)
        link = (
            validated(DbtLink, {"dbt": path.stem, **document.data}, document, (), context.findings)
            if document
            else None
        )
        if document and link:
            yield link, document.place()


def _content(context: Context, link: DbtLink, place: Place) -> DbtImport | None:
    path = context.folder / "dbt" / f"{link.dbt}.json"
    try:
        data = json.loads(path.read_bytes())
        if data.get("form") != FORM:
            raise ValueError("another form")
        content = DbtImport.model_validate(data)
    except FileNotFoundError:
        context.findings.add("J190", f"the dbt project {link.dbt} has not been imported yet", place, AGAIN)
        return None
    except (OSError, ValueError, AttributeError, ValidationError):
        context.findings.add("J191", f"dbt/{link.dbt}.json is not as an import writes it", place, AGAIN)
        return None
    if content.origin.link != digest_of(link):
        context.findings.warn("J192", f"dbt/{link.dbt}.yaml has changed since the last import", place, AGAIN)
    return content


def _model(context: Context, link: DbtLink, model: DbtModel) -> Asset | None:
    place = Place(f"{link.project}/{model.file}", 1)
    who = f"dbt makes it: {model.elsewhere}" if model.elsewhere else ""
    if model.sql is None:
        return Asset(model.id, place, model.reads, ForeignModel(model.header, model.told, who, model.columns))
    try:
        query = context.analyse(model.sql)
        looked_into = () if who else _looked_into(context, model.header.checks)
    except QueryProblem as problem:
        context.findings.add("J193", f"{model.id}: {problem.what}", place, AGAIN)
        return None
    inputs = tuple(sorted({*query.reads, *looked_into}))
    return Asset(model.id, place, inputs, SqlModel(model.header, query, who, model.columns))


def _looked_into(context: Context, checks: Iterable[Check]) -> tuple[str, ...]:
    """The other tables that checks look into, also by SQL of their own."""
    found = set(tables_of(tuple(checks)))
    for check in checks:
        if isinstance(check, Sql):
            found |= set(context.analyse(check.query.replace("{table}", "_.this")).reads) - {"_.this"}
    return tuple(sorted(found))


def _elsewhere(link: DbtLink, table: DbtTable) -> Asset:
    space, _, name = table.id.partition(".")
    source = Source(source=space, kind="dbt", owner=table.owner)
    place = Place(f"{link.project}/{table.file}", table.line or 1)
    return Asset(
        table.id, place, (), Ingested(source, table.table, name, f"no source here ingests it, dbt {link.dbt} reads it")
    )


def _exposure(link: DbtLink, each: DbtExposure) -> Asset:
    place = Place(f"{link.project}/{each.file}", each.line or 1)
    reads = tuple(sorted(each.exposure.reads))
    return Asset(f"exposure:{each.exposure.exposure}", place, reads, each.exposure)


def _seeds(context: Context, link: DbtLink, seeds: Iterable[DbtTable]) -> Iterator[tuple[Source, list[Asset]]]:
    """Seeds as files that are ingested, a source for each schema."""
    kind = context.kinds["files"]
    spaces: dict[str, dict[str, DbtTable]] = {}
    for seed in seeds:
        space, _, name = seed.id.partition(".")
        spaces.setdefault(space, {})[name] = seed
    for space, found in spaces.items():
        tables = {
            name: seed.table.model_copy(
                update={"options": kind.table_options.model_validate({"path": f"{link.project}/{seed.file}"})}
            )
            for name, seed in found.items()
        }
        owner = next((seed.owner for seed in found.values() if seed.owner), None)
        options = kind.source_options.model_validate({})
        source = Source(source=space, kind="files", owner=owner, tables=tables, options=options)
        yield (
            source,
            [
                Asset(
                    seed.id,
                    Place(f"{link.project}/{seed.file}", 1),
                    tables_of(tables[name].checks),
                    Ingested(source, tables[name], name),
                )
                for name, seed in found.items()
            ],
        )


def _checked(asset: Asset, checks: tuple[Check, ...]) -> Asset:
    """A table that is ingested here, with what dbt tests of it."""
    if not checks or not isinstance(asset.definition, Ingested):
        return asset
    ingested = asset.definition
    fresh = tuple(check for check in checks if check not in ingested.table.checks)
    table = ingested.table.model_copy(update={"checks": (*ingested.table.checks, *fresh)})
    inputs = tuple(sorted({*asset.inputs, *tables_of(fresh)}))
    return replace(asset, inputs=inputs, definition=replace(ingested, table=table))


# -- what an import was made of --------------------------------------------------------------------------------------


def digest_of(link: DbtLink) -> str:
    """A hash of all in a link that decides what is imported."""
    told = link.model_dump_json(exclude={"command", "timeout_seconds", "profiles"}, exclude_defaults=True)
    return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


def digests(folder: Path) -> dict[str, str]:
    """A hash of each file of a dbt project that dbt reads, by its path in it; what dbt itself writes is left out."""
    found = {}
    for path in sorted(_files(folder)):
        try:
            data = path.read_bytes()
        except OSError:
            continue
        found[path.relative_to(folder).as_posix()] = hashlib.blake2b(data, digest_size=8).hexdigest()
    return found


def _files(folder: Path) -> Iterator[Path]:
    count = 0
    for place, inside, names in os.walk(folder):
        inside[:] = [name for name in inside if name not in _LEFT_OUT and not name.startswith(".")]
        for name in names:
            if name.endswith(_KINDS) and not name.startswith(".") and count < MOST_FILES:
                count += 1
                yield Path(place) / name


def stale_imports(folder: Path) -> list[Problem]:
    """dbt projects that have changed since they were imported; those that are not on this machine cannot be told."""
    found = []
    for path in sorted((folder / "dbt").glob("*.json")):
        try:
            origin = json.loads(path.read_bytes())["origin"]
            then, project = origin["files"], folder / origin["folder"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if project.is_dir() and (changed := _changed(then, digests(project))):
            more = f" and {counted(len(changed) - 1, 'more file')}" if len(changed) > 1 else ""
            what = f"{changed[0]}{more} of the dbt project changed since it was imported"
            found.append(Problem("J192", "warning", what, f"{origin['folder']}/{changed[0]}", AGAIN))
    return found


def _changed(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {*then, *now} if then.get(name) != now.get(name))
