"""A manifest as what stands in the graph: tables first, then the tests of each, then who reads them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from jusante.core.check import Check, Freshness, NotNull, Relationships, Sql, Unique
from jusante.core.dbt import DbtExposure, DbtImport, DbtLink, DbtModel, DbtOrigin, DbtTable
from jusante.core.exposure import Exposure
from jusante.transformation.dbt import tables
from jusante.transformation.dbt.checks import Untold, check_of, freshness_of, tables_in
from jusante.transformation.dbt.compiled import Translator
from jusante.transformation.dbt.manifest import Catalog, Manifest, Node, meta_of, person
from jusante.transformation.dbt.models import Models
from jusante.transformation.dbt.naming import Names, names_of
from jusante.transformation.dbt.order import Order, parents
from jusante.transformation.dbt.told import Imported, Part

EXPOSURES = frozenset({"dashboard", "notebook", "analysis", "application", "ml"})
NOTED = ("metrics", "semantic_models", "saved_queries", "unit_tests", "functions")


class Importer:
    """One import. `here` are the tables that this project makes, `folder` is where the dbt project lies."""

    def __init__(self, manifest: Manifest, catalog: Catalog, link: DbtLink, here: frozenset[str], folder: Path) -> None:
        self._manifest = manifest
        self._catalog = catalog
        self._link = link
        self._folder = folder
        self._names: Names = names_of(manifest, link, here)
        self._order = Order(manifest)
        self._translator = Translator(manifest.adapter, self._relations(), self._ephemeral())
        self._models = Models(manifest, catalog, link, self._names, self._translator, here)
        self._made: dict[str, DbtModel] = {}
        self._seeds: list[DbtTable] = []
        self._sources: list[DbtTable] = []
        self._checks: dict[str, list[Check]] = {}
        self._told: list[Part] = []

    def imported(self, origin: DbtOrigin) -> Imported:
        """All of it."""
        for key in sorted(self._manifest.part("sources")):
            self._source(self._manifest.part("sources")[key])
        for node in self._order.nodes:
            self._table(node)
        tests = [part for node in self._manifest.of_type("test") if (part := self._test(node))]
        exposures = [self._exposure(node) for _, node in sorted(self._manifest.part("exposures").items())]
        models = tuple(_with_checks(model, self._checks.get(model.id, ())) for model in self._made.values())
        ours = {self._names.tables[key] for key in self._names.ours}
        content = DbtImport(
            origin=origin,
            models=models,
            seeds=tuple(self._checked(table) for table in self._seeds),
            sources=tuple(self._sources),
            exposures=tuple(found for found, _ in exposures if found),
            checks={name: tuple(found) for name, found in sorted(self._checks.items()) if name in ours},
        )
        noted = {name: len(found) for name in NOTED if (found := self._manifest.part(name))}
        return Imported(content, tuple(self._told), tuple(tests), tuple(part for _, part in exposures), noted)

    def _relations(self) -> dict[str, str]:
        found = {}
        for key, name in self._names.tables.items():
            relation = (self._manifest.node(key) or {}).get("relation_name")
            if relation:
                found[str(relation)] = name
        return found

    def _ephemeral(self) -> dict[str, str]:
        return {
            str(node["name"]): self._names.tables[str(node["unique_id"])]
            for node in self._manifest.of_type("model")
            if node.get("config", {}).get("materialized") == "ephemeral"
        }

    # -- tables ------------------------------------------------------------------------------------------------------

    def _source(self, node: Node) -> None:
        key, name = str(node["unique_id"]), self._names.tables[str(node["unique_id"])]
        called = f"{node['source_name']}.{node['name']}"
        if key in self._names.ours:
            self._told.append(Part(called, "source", name, "ours"))
            if freshness := freshness_of(node):
                self._checks.setdefault(name, []).append(_freshness(freshness))
            return
        why = "no source here ingests it"
        self._models.absent[name] = why
        self._sources.append(tables.source(node, name, self._manifest, self._link, self._catalog))
        self._told.append(Part(called, "source", name, "dbt", why))

    def _table(self, node: Node) -> None:
        key, name = str(node["unique_id"]), self._names.tables[str(node["unique_id"])]
        if key in self._names.ours:
            self._told.append(
                Part(str(node["name"]), str(node["resource_type"]), name, "ours", "it stands in for dbt's")
            )
        elif node["resource_type"] == "seed":
            self._seed(node, name)
        else:
            self._made[key], part = self._models.made(node)
            self._told.append(part)

    def _seed(self, node: Node, name: str) -> None:
        if not self._models.left:
            self._seeds.append(tables.seed(node, name, self._manifest, self._link))
            self._told.append(Part(str(node["name"]), "seed", name, "here"))
            return
        why = self._models.left
        self._models.absent[name] = why
        found = tables.source(node, name, self._manifest, self._link, self._catalog)
        self._sources.append(tables.with_header(found, self._folder))
        self._told.append(Part(str(node["name"]), "seed", name, "dbt", why))

    def _checked(self, table: DbtTable) -> DbtTable:
        checks = tuple(self._checks.get(table.id, ()))
        return table.model_copy(update={"table": table.table.model_copy(update={"checks": checks})})

    # -- tests -------------------------------------------------------------------------------------------------------

    def _test(self, test: Node) -> Part | None:
        name = str(test["name"])
        kind = str((test.get("test_metadata") or {}).get("name") or "singular")
        subject = self._subject(test)
        if subject is None:
            return Part(name, kind, "", "left out", "it is about no table that is here")
        table = self._names.tables[subject]
        try:
            check = check_of(test, table, self._names.called, self._translator)
            self._refuse_reads(test, check, subject)
        except Untold as untold:
            return Part(name, kind, table, "left out", str(untold))
        self._checks.setdefault(table, []).append(check)
        absent = self._models.absent.get(table)
        return Part(name, kind, table, "dbt" if absent else "here", "its table is left to dbt" if absent else "")

    def _subject(self, test: Node) -> str | None:
        """The node that a test is about: the one it is attached to, or the last of those it reads."""
        attached = test.get("attached_node")
        candidates = [key for key in parents(test) if key in self._names.tables]
        if attached in self._names.tables:
            return str(attached)
        told = str(((test.get("test_metadata") or {}).get("kwargs") or {}).get("model") or "")
        named = [key for key in candidates if f"'{(self._manifest.node(key) or {}).get('name')}'" in told]
        return named[-1] if named else self._order.last(candidates)

    def _refuse_reads(self, test: Node, check: Check, subject: str) -> None:
        """A check runs before its table is published: what it looks into must be there by then."""
        table = self._names.tables[subject]
        if table in self._models.absent:
            return
        match check:
            case Relationships(to=to):
                others = {to.rpartition(".")[0]}
            case Sql():
                others = set(tables_in(test, self._translator))
            case _:
                return
        for other in sorted(others - {table}):
            if other in self._models.absent:
                raise Untold(f"it looks into {other}, which is left to dbt")
        keys = {key for key, name in self._names.tables.items() if name in others}
        if later := self._order.look(subject, keys):
            raise Untold(f"it looks into {self._names.tables[later]}, which is made of {table}, or tested against it")

    # -- exposures ---------------------------------------------------------------------------------------------------

    def _exposure(self, node: Node) -> tuple[DbtExposure | None, Part]:
        name, kind = str(node["name"]), str(node.get("type") or "application").lower()
        reads = {self._names.tables[key]: () for key in sorted(self._behind(parents(node)))}
        if not reads:
            return None, Part(name, "exposure", "", "left out", "it depends on no table")
        purpose = meta_of(node).get("purpose") or ()
        exposure = Exposure(
            exposure=name,
            kind=kind if kind in EXPOSURES else "application",
            title=node.get("label") or None,
            owner=person(node.get("owner")) or self._link.owner,
            about=str(node.get("description") or "").strip() or None,
            url=node.get("url") or None,
            tags=tuple(map(str, node.get("tags") or ())),
            purpose=(purpose,) if isinstance(purpose, str) else tuple(map(str, purpose)),
            reads=reads,
        )
        file = str(node.get("original_file_path") or "").replace("\\", "/")
        found = DbtExposure(file=file, line=line_of(self._folder / file, name), exposure=exposure)
        return found, Part(name, "exposure", f"exposure:{name}", "here")

    def _behind(self, keys: Iterable[str]) -> set[str]:
        """The tables behind nodes; metrics and semantic models stand for those they are made of."""
        found: set[str] = set()
        seen: set[str] = set()
        waiting = list(keys)
        while waiting:
            key = waiting.pop()
            if key in self._names.tables:
                found.add(key)
            elif key not in seen and (node := self._manifest.node(key)):
                seen.add(key)
                waiting += parents(node)
        return found


def line_of(path: Path, name: str) -> int:
    """The line of a YAML file where `name: …` stands; 0 where it cannot be told."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return 0
    wanted = {f"name: {name}", f"name: '{name}'", f'name: "{name}"'}
    return next((number for number, line in enumerate(lines, 1) if line.strip().lstrip("- ") in wanted), 0)


def _freshness(fields: Mapping[str, object]) -> Check:
    return Freshness.model_validate(fields)


def _with_checks(model: DbtModel, checks: Iterable[Check]) -> DbtModel:
    """A model with its checks. A column that dbt tests to be unique and filled says what one row is."""
    found = list(checks)
    filled = {
        column.lower() for check in found if isinstance(check, NotNull) for column in check.columns if _blocks(check)
    }
    keys = [check for check in found if isinstance(check, Unique) and _blocks(check)]
    grain = next((key.columns for key in keys if all(column.lower() in filled for column in key.columns)), ())
    implied = [Unique(columns=grain), *(NotNull(columns=(column,)) for column in grain)]
    rest = tuple(check for check in found if not grain or check not in implied)
    return model.model_copy(update={"header": model.header.model_copy(update={"grain": grain, "checks": rest})})


def _blocks(check: Check) -> bool:
    return check.severity == "block"
