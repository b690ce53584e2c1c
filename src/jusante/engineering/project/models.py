"""`models/<folder>/*.sql` and `*.py`: each becomes a table `<folder>.<name>`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jusante.core.asset import Asset
from jusante.core.check import tables_of
from jusante.core.model import Model, PythonModel, QueryProblem, SqlModel
from jusante.core.names import nearest
from jusante.core.place import Place
from jusante.engineering.project.context import Context
from jusante.engineering.project.declared_lineage import refuse_strangers
from jusante.engineering.project.documents import Document, parse
from jusante.engineering.project.kinds import check_kind
from jusante.engineering.project.timing import check_timing
from jusante.engineering.project.validating import validated

_HEADER = re.compile(r"\s*/\*\s*jusante\b[ \t]*\n?(.*?)\*/", re.DOTALL)


def read_models(context: Context) -> Iterator[Asset]:
    """Every model as an asset."""
    for path in context.files("models", "**/*.sql", "**/*.py"):
        name = context.name(path)
        if len(path.relative_to(context.folder / "models").parts) != 2:
            context.findings.add(
                "J103", "a model lies in one folder under models/", Place(name), "models/marts/daily_sales.sql"
            )
        elif not path.parent.name.isidentifier():
            context.findings.add(
                "J103", f"the folder {path.parent.name!r} is no plain name", Place(name), "use letters, digits and _"
            )
        else:
            before = len(context.findings.errors)
            yield from _sql_model(context, path) if path.suffix == ".sql" else _python_models(context, path)
            if len(context.findings.errors) > before:
                context.findings.unread.add(f"{path.parent.name}.{path.stem}")


def _is_cut_off(context: Context, file: str, text: str, end: int) -> bool:
    """Whether a header ends in the middle of a schedule as `*/5 * * * *`, which is told."""
    step = re.match(r"\d+", text[end:])
    if step:
        what = f"SQL ends the header at `*/` here, so `*/{step[0]}` cannot stand in it"
        fix = f"write 0/{step[0]} in its place (1/{step[0]} for days and months), or `every:`"
        context.findings.add("J131", what, Place(file, text.count("\n", 0, end) + 1), fix)
    return step is not None


def _sql_model(context: Context, path: Path) -> Iterator[Asset]:
    text, file = context.text(path), context.name(path)
    if text is None:
        return
    found = _HEADER.match(text)
    document = Document(file, {}, {(): 1})
    if found and _is_cut_off(context, file, text, found.end()):
        return
    if found:
        line = text.count("\n", 0, found.start(1)) + 1
        parsed = parse(found[1], file, context.findings, first_line=line)
        if parsed is None:
            return
        document = parsed
    header = _header(context, document)
    sql = text[found.end() :] if found else text
    first_line = text.count("\n", 0, found.end() if found else 0)
    try:
        query = context.analyse(sql)
    except QueryProblem as problem:
        context.findings.add("J113", problem.what, Place(file, first_line + problem.line), problem.fix)
        return
    if header and header.lineage:
        what = "the lineage of a SQL model is found in its query, and need not be declared"
        context.findings.add("J142", what, document.place(("lineage",)), "leave it out")
    if header:
        name = f"{path.parent.name}.{path.stem}"
        inputs = tuple(sorted({*query.reads, *tables_of(header.checks)}))
        places = {name: Place(file, first_line + line) for name, line in query.lines.items()}
        yield Asset(name, Place(file, 1), inputs, SqlModel(header, query), places)


def _header(context: Context, document: Document) -> Model | None:
    header = validated(Model, document.data, document, (), context.findings)
    if header:
        check_timing(header, document, (), context.findings)
        check_kind(header, document, context.findings)
    return header


# -- Python ----------------------------------------------------------------------------------------------------------


def _python_models(context: Context, path: Path) -> Iterator[Asset]:
    """The functions with `@model` in a file, found in its syntax tree: no code of the project runs."""
    text, file = context.text(path), context.name(path)
    if text is None:
        return
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        context.findings.add("J114", f"this is not valid Python: {error.msg}", Place(file, error.lineno or 1))
        return
    canonical = _canonical(context, tree, path, set())
    for node in tree.body:
        decorator = _decorator(node)
        if isinstance(node, ast.FunctionDef) and decorator is not None:
            yield from _python_model(context, path, node, decorator, canonical)


def _decorator(node: ast.stmt) -> ast.Call | None:
    for decorator in getattr(node, "decorator_list", ()):
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) in {"model", "jusante.model"}:
            return decorator
    return None


def _python_model(
    context: Context, path: Path, node: ast.FunctionDef, decorator: ast.Call, canonical: str
) -> Iterator[Asset]:
    file = context.name(path)
    place = Place(file, node.lineno)
    data = _literals(context, decorator, file)
    inputs = _inputs(context, node, file)
    if data is None or inputs is None:
        return
    lines: dict[tuple[str | int, ...], int] = {
        (): decorator.lineno,
        **{(word.arg,): word.value.lineno for word in decorator.keywords if word.arg},
    }
    declared = _lines_of(decorator, "lineage")
    lines |= {("lineage", name): line for name, line in declared.items()}
    header = _header(context, Document(file, data, lines))
    if header and header.kind == "view":
        context.findings.add("J103", "a Python model cannot be a view", place, 'kind="full"')
    elif header and header.kind != "full":
        what = (
            f"a Python model cannot be of kind {header.kind}: only of a query can be told which rows a change touches"
        )
        context.findings.add("J222", what, place, 'kind="full"; a SQL model of kind by_time can read it')
    elif header:
        refuse_strangers(context.findings, header.lineage, tuple(inputs.values()), file, declared)
        definition = PythonModel(header, file, node.name, inputs, canonical, declared)
        yield Asset(
            f"{path.parent.name}.{node.name}",
            place,
            tuple(sorted({*inputs.values(), *tables_of(header.checks)})),
            definition,
        )


def _lines_of(decorator: ast.Call, argument: str) -> dict[str, int]:
    """The line of each key of an argument that is a mapping."""
    value = next((word.value for word in decorator.keywords if word.arg == argument), None)
    keys = value.keys if isinstance(value, ast.Dict) else []
    return {key.value: key.lineno for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def _literals(context: Context, decorator: ast.Call, file: str) -> dict[str, Any] | None:
    try:
        return {word.arg: ast.literal_eval(word.value) for word in decorator.keywords if word.arg}
    except ValueError:
        place = Place(file, decorator.lineno)
        context.findings.add(
            "J114", "the arguments of @model are not literals", place, "write the values themselves: no code is run"
        )
        return None


def _inputs(context: Context, node: ast.FunctionDef, file: str) -> dict[str, str] | None:
    """The table that each parameter takes: its default, a text."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    defaults = [None] * (len(node.args.posonlyargs + node.args.args) - len(node.args.defaults)) + [
        *node.args.defaults,
        *node.args.kw_defaults,
    ]
    found = {}
    for argument, default in zip(arguments, defaults, strict=True):
        if not (isinstance(default, ast.Constant) and isinstance(default.value, str)):
            what = f"parameter {argument.arg} names no table"
            context.findings.add(
                "J114", what, Place(file, argument.lineno), f'{argument.arg}: pa.Table = "sales.orders"'
            )
            return None
        found[argument.arg] = default.value
    return found


def _canonical(context: Context, tree: ast.Module, path: Path, seen: set[Path]) -> str:
    """The syntax tree without comments and docstrings, and those of the project's own modules that it imports."""
    seen.add(path)
    parts = [ast.dump(_without_docstrings(tree))]
    for module in _imports(tree):
        for place in (path.parent, context.folder):
            other = place.joinpath(*module.split(".")).with_suffix(".py")
            if other.is_file() and other not in seen:
                text = context.text(other) or ""
                try:
                    parts.append(_canonical(context, ast.parse(text), other, seen))
                except SyntaxError:
                    parts.append(text)
    return "\n".join(parts)


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        value = first.value if isinstance(first, ast.Expr) else None
        if isinstance(body, list) and isinstance(value, ast.Constant) and isinstance(value.value, str):
            body[0] = ast.Pass()
    return tree


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def suggestion(name: str, known: tuple[str, ...]) -> str:
    """What to write instead of a name that nobody makes."""
    near = nearest(name, known)
    return f"did you mean {near}?" if near else "make it: a file under models/, or a table of a source"
