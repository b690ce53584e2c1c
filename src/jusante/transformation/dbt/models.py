"""dbt's models, snapshots and seeds as they stand in the graph, each built here where it can be."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from jusante.core.dbt import DbtLink, DbtModel
from jusante.core.model import Model, QueryProblem
from jusante.engineering.project.references import PASSWORD_IN_URL
from jusante.transformation.dbt.compiled import Compiled, Translator
from jusante.transformation.dbt.manifest import Catalog, Manifest, Node, knows_the_moment, meta_of
from jusante.transformation.dbt.naming import Names
from jusante.transformation.dbt.order import parents
from jusante.transformation.dbt.told import Part

_AS_A_WHOLE = "incremental in dbt; built anew as a whole here"
_NOTES = {"incremental": _AS_A_WHOLE, "materialized_view": "a materialized view in dbt; a table here"}


@dataclass(frozen=True, slots=True)
class Models:
    """Makes models of nodes, one after the other, each after those it reads."""

    manifest: Manifest
    catalog: Catalog
    link: DbtLink
    names: Names
    translator: Translator
    here: frozenset[str]
    absent: dict[str, str] = field(default_factory=dict)
    """The tables that are not here, each with the reason."""

    @property
    def left(self) -> str:
        """Why all of the project is left to dbt; empty where what can be built here is."""
        if self.link.build == "dbt":
            return "dbt builds all of this project"
        adapter = self.manifest.adapter
        if self.link.build is None and adapter != "duckdb":
            return f"it is written for {adapter}"
        return ""

    def made(self, node: Node) -> tuple[DbtModel, Part]:
        """One model as it stands here, without its checks, and what is told of it."""
        key, name = str(node["unique_id"]), self.names.tables[str(node["unique_id"])]
        compiled, told = self._text(node, name)
        elsewhere = self._why_elsewhere(node, compiled, told)
        if elsewhere:
            self.absent[name] = elsewhere
        model = DbtModel(
            id=name,
            node=key,
            file=_file(node, self.manifest),
            header=self._header(node, elsewhere),
            reads=compiled.reads if compiled else self._parents(node),
            sql=compiled.sql if compiled else None,
            elsewhere=elsewhere,
            told=told,
            columns=self._columns(node, named_only=compiled is not None),
        )
        kind = _materialized(node)
        notes = () if elsewhere else tuple(self._notes(node))
        return model, Part(str(node["name"]), kind, name, "dbt" if elsewhere else "here", elsewhere, notes)

    def _text(self, node: Node, name: str) -> tuple[Compiled | None, str]:
        """The compiled text, or why it cannot be understood."""
        if node.get("language") == "python":
            return None, "it is a Python model of dbt"
        if not node.get("compiled_code"):
            return None, "the manifest does not have its compiled SQL: dbt compile"
        if PASSWORD_IN_URL.search(str(node["compiled_code"])):
            return None, "a password is written into its SQL"
        try:
            compiled = self.translator.translated(str(node["compiled_code"]))
        except QueryProblem as problem:
            return None, f"its SQL cannot be understood: {problem.what}" + (f" ({problem.fix})" if problem.fix else "")
        known = {*self.names.tables.values(), *self.here}
        strange = [read for read in compiled.reads if read not in known]
        if strange:
            return None, f"it names {strange[0]} itself, which is no source of the dbt project"
        if name in compiled.reads:
            return None, "it was compiled as an increment: dbt compile --full-refresh"
        return (replace(compiled, sql=_with_history(compiled.sql)) if _is_snapshot(node) else compiled), ""

    def _why_elsewhere(self, node: Node, compiled: Compiled | None, told: str) -> str:
        """Why dbt goes on making it; empty where it is built here."""
        if self.left:
            return self.left
        if _is_snapshot(node):
            return "only dbt has the history that a snapshot keeps"
        if compiled is None:
            return told
        if compiled.unsupported:
            return f"DuckDB cannot do what it asks for: {compiled.unsupported}"
        missing = next((read for read in compiled.reads if read in self.absent), None)
        return f"it reads {missing}, which is not here" if missing else ""

    def _header(self, node: Node, elsewhere: str) -> Model:
        view = _materialized(node) in {"view", "ephemeral"} and not elsewhere
        free = meta_of(node).get("declassify")
        return Model(
            about=_text_of(node.get("description")),
            owner=self.manifest.owner_of(node) or self.link.owner,
            kind="view" if view else "full",
            tags=tuple(dict.fromkeys(str(tag) for tag in node.get("tags") or ())),
            declassify={str(k): str(v) for k, v in free.items()} if isinstance(free, dict) else {},
        )

    def _columns(self, node: Node, *, named_only: bool) -> dict[str, str]:
        """What is said of its columns; where its text is not understood, also the names of those of which nothing is."""
        said = {
            str(column.get("name") or name): _text_of(column.get("description")) or ""
            for name, column in (node.get("columns") or {}).items()
        }
        if named_only:
            return {name: about for name, about in said.items() if about}
        lower = {name.lower(): about for name, about in said.items()}
        known: Mapping[str, str] = self.catalog.get(str(node["unique_id"]), {})
        return {name: lower.get(name.lower(), "") for name in known} or said

    def _parents(self, node: Node) -> tuple[str, ...]:
        return tuple(sorted({self.names.tables[key] for key in parents(node) if key in self.names.tables}))

    def _notes(self, node: Node) -> list[str]:
        config = node.get("config", {})
        found = (
            [f"translated from {adapter}: compare what it gives"]
            if (adapter := self.manifest.adapter) != "duckdb"
            else []
        )
        found += [_NOTES[kind]] if (kind := _materialized(node)) in _NOTES else []
        if config.get("pre-hook") or config.get("post-hook"):
            found.append("its hooks are not run")
        if self.manifest.asks_the_database(node):
            found.append("its SQL was made by asking the database: import again when what it asks for changes")
        if knows_the_moment(node):
            found.append("its SQL holds the moment at which it was compiled")
        return found


def _materialized(node: Node) -> str:
    return "snapshot" if _is_snapshot(node) else str(node.get("config", {}).get("materialized") or "view")


def _is_snapshot(node: Node) -> bool:
    return bool(node["resource_type"] == "snapshot")


def _with_history(sql: str) -> str:
    """What a snapshot selects, and the columns that dbt adds to it."""
    added = ", ".join(
        f"cast(null as {kind}) as dbt_{name}"
        for name, kind in (
            ("scd_id", "varchar"),
            ("updated_at", "timestamp"),
            ("valid_from", "timestamp"),
            ("valid_to", "timestamp"),
        )
    )
    return f"select *, {added} from ({sql}) as now"


def _file(node: Node, manifest: Manifest) -> str:
    """Where a node stands, relative to the dbt project."""
    path = str(node.get("original_file_path") or "").replace("\\", "/")
    package = node.get("package_name")
    return path if package == manifest.project else f"dbt_packages/{package}/{path}"


def _text_of(description: object) -> str | None:
    return str(description).strip() or None if description else None
