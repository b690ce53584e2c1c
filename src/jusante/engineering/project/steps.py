"""`steps/*.sh`, `dashboards/*.yaml` and `exposures/*.yaml`."""

from collections.abc import Iterator

from jusante.core.asset import Asset, BuiltDashboard
from jusante.core.dashboard import Dashboard
from jusante.core.exposure import Exposure
from jusante.core.model import Query, QueryProblem, ShellStep, Step
from jusante.core.place import Place
from jusante.engineering.project.context import Context
from jusante.engineering.project.documents import Document, parse
from jusante.engineering.project.timing import check_timing
from jusante.engineering.project.validating import validated


def read_steps(context: Context) -> Iterator[Asset]:
    """Every shell step as an asset `step:<name>`."""
    for path in context.files("steps", "*.sh"):
        text, file = context.text(path), context.name(path)
        if text is None:
            continue
        document = _comment(context, text, file)
        header = validated(Step, document.data, document, (), context.findings) if document else None
        if header and document:
            check_timing(header, document, (), context.findings)
            inputs = tuple(sorted(set(header.inputs.values())))
            yield Asset(f"step:{path.stem}", Place(file, 1), inputs, ShellStep(header, file, text))


def _comment(context: Context, text: str, file: str) -> Document | None:
    """The YAML in the comment block that begins with `# jusante`, each line without its `#`."""
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if line.strip() == "# jusante"), None)
    if start is None:
        context.findings.add(
            "J104", "the step has no header", Place(file, 1), "write a comment: # jusante, then #   about: …"
        )
        return None
    block = []
    for line in lines[start + 1 :]:
        if not line.startswith("#"):
            break
        block.append(line[1:])
    return parse("\n".join(block), file, context.findings, first_line=start + 2)


def read_dashboards(context: Context) -> Iterator[Asset]:
    """Every dashboard as an asset `dashboard:<name>`."""
    for path in context.files("dashboards", "*.yaml", "*.yml"):
        document = context.document(path)
        if document is None:
            continue
        data = {"dashboard": path.stem, **document.data}
        dashboard = validated(Dashboard, data, document, (), context.findings)
        queries = _queries(context, dashboard, document) if dashboard else None
        if dashboard:
            check_timing(dashboard, document, (), context.findings)
        if dashboard and queries is not None:
            inputs = tuple(sorted({name for query in queries for name in query.reads}))
            yield Asset(
                f"dashboard:{dashboard.dashboard}", document.place(), inputs, BuiltDashboard(dashboard, queries)
            )


def read_exposures(context: Context) -> Iterator[Asset]:
    """Every exposure as an asset `exposure:<name>`."""
    for path in context.files("exposures", "*.yaml", "*.yml"):
        document = context.document(path)
        if document is None:
            continue
        exposure = validated(Exposure, {"exposure": path.stem, **document.data}, document, (), context.findings)
        if exposure:
            places = {table: document.place(("reads", table)) for table in exposure.reads}
            yield Asset(
                f"exposure:{exposure.exposure}", document.place(), tuple(sorted(exposure.reads)), exposure, places
            )


def _queries(context: Context, dashboard: Dashboard, document: Document) -> tuple[Query, ...] | None:
    found = []
    for chart_path, sql in _charts(document):
        try:
            found.append(context.analyse(sql))
        except QueryProblem as problem:
            context.findings.add("J113", problem.what, document.place(chart_path), problem.fix)
    return tuple(found) if len(found) == len(dashboard.queries()) else None


def _charts(document: Document) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for row_number, row in enumerate(document.data.get("rows", ())):
        for number, chart in enumerate(row):
            if "sql" in chart:
                yield ("rows", row_number, number, "sql"), chart["sql"]
