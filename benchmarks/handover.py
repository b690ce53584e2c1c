"""What Airflow, Dagster, Prefect and Mage read in what `jusante export` writes for them, held against the graph; and runs of a
small project by each of them, held against the ledger."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import measure
from handover_tools import TOOLS, Tool
from jusante.app import Lake
from jusante.core.cron import Cron
from jusante.core.graph import Graph
from jusante.orchestration.conducting.laws import Law, laws
from jusante.orchestration.handover import crons

LOOKS = Path(__file__).resolve().with_name("orchestrators")
SMALL: Mapping[str, str] = {
    "jusante.yaml": "name: small\n",
    "sources/files.yaml": (
        "source: files\nkind: files\nowner: files@b.example\ntables:\n"
        "  orders: {path: orders.csv, key: [id], ingest: {every: 15m}}\n  prices: {path: prices.csv, key: [product]}\n"
    ),
    "orders.csv": "id,product,quantity\n1,tea,2\n2,mug,1\n",
    "prices.csv": "product,price\ntea,4\nmug,7\n",
    "models/staging/orders.sql": "select id, product, quantity from files.orders",
    "models/marts/priced.sql": (
        "/* jusante\ngrain: [id]\n*/\nselect o.id, o.product, o.quantity * p.price as revenue "
        "from staging.orders as o join files.prices as p using (product)"
    ),
    "models/marts/by_product.sql": "select product, sum(revenue) as revenue from marts.priced group by product",
    "models/marts/dear.sql": "/* jusante\nkind: view\n*/\nselect * from marts.by_product where revenue > 7",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a tool read of a project: how many tasks, which edges are not those of the graph, and what else is other."""

    tasks: int
    edges: int
    wrong_edges: int
    wrong_retries: int
    wrong_schedules: int
    load_seconds: float


def hundred() -> dict[str, str]:
    """A project of ten tables and ninety models, in three rhythms and one that nobody has set."""
    rhythms = ["every: 15m", 'schedule: "30 5 * * 1-5 America/Sao_Paulo"', "every: 6h", "mode: full"]
    tables = [
        f"  t{n}: {{path: t{n}.csv, ingest: {{{rhythms[n % 4]}, retries: {{attempts: {2 + n % 3}}}}}}}"
        for n in range(10)
    ]
    files = {
        "jusante.yaml": "name: hundred\n",
        "sources/files.yaml": "\n".join(["source: files", "kind: files", "tables:", *tables]),
    }
    files |= {f"t{n}.csv": "id,n\n1,1\n" for n in range(10)}
    named = [f"files.t{n}" for n in range(10)]
    for number in range(90):
        above = sorted({named[(number * step + number // 7) % len(named)] for step in (1, 3, 5)})
        files[f"models/m{number % 5}/x{number}.sql"] = " union all ".join(f"select id, n from {name}" for name in above)
        named.append(f"m{number % 5}.x{number}")
    return files


# -- looking -------------------------------------------------------------------------------------------------------------


def exported(tool: Tool, project: Path, to: Path, command: str) -> Path:
    """What `jusante export` writes for a tool."""
    words = [measure.JUSANTE, "export", tool.name, "--project", str(project), "--to", str(to), "--command", command]
    subprocess.run(words, check=True, capture_output=True)
    return to


def look(tool: Tool, project: Path, to: Path) -> list[dict[str, Any]]:
    """The flows as the tool reads them. Prefect knows of an order when it has run: it calls `true` in place of jusante."""
    if tool.name == "mage":
        tool.start("mage", "init", str(to))
    exported(tool, project, to, "true")
    name = next(iter(to.glob("jusante_*.py")), to)
    script = str(LOOKS / f"{tool.name}_look.py")
    words: dict[str, list[str]] = {
        "airflow": [str(to)],
        "dagster": [str(to), name.stem],
        "prefect": [str(name)],
        "mage": [str(to), f"{graph_of(project)[0]}__"],
    }
    flows: list[dict[str, Any]] = json.loads(tool.start("python", script, *words[tool.name]).strip().splitlines()[-1])
    return flows


def graph_of(project: Path) -> tuple[str, Graph]:
    """A project's name and graph."""
    with Lake.open(project) as lake:
        return lake.project.name, lake.project.graph


def seen(tool: Tool, project: Path, to: Path) -> Seen:
    """A tool's reading of a project, held against the graph itself."""
    graph = graph_of(project)[1]
    wanted = laws(graph)
    began = time.monotonic()
    flows = look(tool, project, to)
    seconds = time.monotonic() - began
    works = [work for flow in flows for work in flow["works"]]
    found = sorted(name for work in works for name in work["assets"])
    assert found == sorted(wanted), f"one task for each asset: {set(found) ^ set(wanted)}, {len(found)} tasks"
    told = {(above, name) for work in works for name in work["assets"] for above in work["after"]}
    within = {name: number for number, flow in enumerate(flows) for work in flow["works"] for name in work["assets"]}
    meant = {(above, name) for name, law in wanted.items() for above in law.inputs}
    across = {
        (above, name)
        for above, name in meant
        if within[above] != within[name] and above in flows[within[name]]["called_by"]
    }
    return Seen(
        tasks=len(works),
        edges=len(meant),
        wrong_edges=len(meant ^ ({edge for edge in told if edge[0] in wanted} | across)),
        wrong_retries=sum(_retries(work) != _meant_retries(wanted[work["assets"][0]]) for work in works),
        wrong_schedules=_wrong_schedules(tool, flows, wanted),
        load_seconds=seconds,
    )


def _retries(work: Mapping[str, Any]) -> tuple[int, float]:
    return work["retries"], float(work["first_wait"])


def _meant_retries(law: Law) -> tuple[int, float]:
    return law.attempts - 1, law.wait.total_seconds()


def _wrong_schedules(tool: Tool, flows: list[dict[str, Any]], wanted: Mapping[str, Law]) -> int:
    """How many assets with a clock are not begun by it. Mage counts in UTC only."""
    found = 0
    for flow in flows:
        for work in flow["works"]:
            clock = wanted[work["assets"][0]].clock
            if clock is None:
                continue
            meant = clock if isinstance(clock, Cron) else crons.exactly(clock)
            assert meant
            zone = "UTC" if tool.name == "mage" else meant.zone
            found += flow["schedule"] != [meant.expression, zone]
    return found


# -- running -------------------------------------------------------------------------------------------------------------


def run_airflow(tool: Tool, to: Path) -> None:
    """The DAGs, the one that others begin last."""
    folder = {"AIRFLOW__CORE__DAGS_FOLDER": str(to)}
    tool.start("airflow", "db", "migrate", **folder)
    tool.start("airflow", "dags", "reserialize", **folder)
    for name in ("every_15m", "by_hand", "news"):
        tool.start("airflow", "dags", "test", f"small__{name}", **folder)


def run_dagster(tool: Tool, to: Path) -> None:
    """All assets in one run."""
    tool.start("dagster", "asset", "materialize", "--select", "*", "-f", str(to / "jusante_small.py"))


def run_prefect(tool: Tool, to: Path) -> None:
    """Each flow, the one that others begin last."""
    tool.start("python", str(LOOKS / "prefect_look.py"), str(to / "jusante_small.py"))


def run_mage(tool: Tool, to: Path) -> None:
    """Each pipeline. The blocks that start one need Mage's database, and leave a run there for Mage's scheduler."""
    tool.start("python", str(LOOKS / "mage_begin.py"), str(to))
    for name in ("every_15m", "by_hand", "news"):
        tool.start("mage", "run", str(to), f"small__{name}")


RUNS: Mapping[str, Callable[[Tool, Path], None]] = {
    "airflow": run_airflow,
    "dagster": run_dagster,
    "prefect": run_prefect,
    "mage": run_mage,
}


@dataclass(frozen=True, slots=True)
class Made:
    """What the ledger says after a tool has run a project."""

    tasks: int
    once: bool
    in_order: bool
    jusante_seconds: float
    wall_seconds: float


def made(tool: Tool, folder: Path) -> Made:
    """Let a tool run a small project with the real jusante, and ask the ledger."""
    project = folder / "project"
    for name, text in SMALL.items():
        measure.written(project / name, text)
    if tool.name == "mage":
        tool.start("mage", "init", str(folder / "handed"))
    to = exported(tool, project, folder / "handed", measure.JUSANTE)
    began = time.monotonic()
    RUNS[tool.name](tool, to)
    wall = time.monotonic() - began
    with Lake.open(project) as lake:
        ended = [event for event in lake.metadata.events(0, 1_000) if event.kind == "task.succeeded" and event.asset]
        runs = lake.metadata.runs(100)
        graph = lake.project.graph
    order = [str(event.asset) for event in ended]
    at = {name: number for number, name in enumerate(order)}
    spent = sum((run.ended_at - run.started_at).total_seconds() for run in runs if run.ended_at)
    return Made(
        tasks=len(order),
        once=sorted(order) == sorted(graph.ids),
        in_order=all(at[above] < at[name] for name in order for above in graph[name].inputs),
        jusante_seconds=spent,
        wall_seconds=wall,
    )


def overhead(folder: Path) -> dict[str, list[measure.Cost]]:
    """A task that has nothing to make, and the whole small project as one run or as one for each asset."""
    project = folder / "project"
    for name, text in SMALL.items():
        measure.written(project / name, text)
    names = graph_of(project)[1].order

    def afresh() -> None:
        shutil.rmtree(project / ".jusante", ignore_errors=True)

    base = [measure.JUSANTE, "run", "--project", str(project), "--wait", "60"]
    one_by_one = ["sh", "-ec", "".join(f"{' '.join([*base, name])}\n" for name in names)]
    return measure.in_turn(
        [
            measure.Contender("6 assets, one `jusante run`", base, project, prepare=afresh),
            measure.Contender("6 assets, a `jusante run` for each", one_by_one, project, prepare=afresh),
            measure.Contender("an asset that needs no making", [*base, names[0]], project),
        ],
        measure.rounds(5),
    )


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="handover-") as temporary:
        folder = Path(temporary)
        tools = []
        for label, requirements in TOOLS.items():
            place = label.replace(" ", "-")
            home = folder / "homes" / place
            home.mkdir(parents=True)
            tools.append(Tool(label, measure.environment(place, *requirements), home))
        generated = folder / "hundred"
        for name, text in hundred().items():
            measure.written(generated / name, text)
        looked = []
        for tool in tools:
            for project in (measure.ROOT / "examples" / "shop", generated):
                found = seen(tool, project, folder / f"{tool.home.name}-{project.name}")
                measure.tell(f"{tool.label} {project.name}: {found}")
                looked.append((tool.label, project.name, found))
        ran = []
        for tool in tools:
            if tool.name in RUNS:
                done = made(tool, folder / f"run-{tool.home.name}")
                measure.tell(f"{tool.label}: {done}")
                ran.append((tool.label, done))
        costs = overhead(folder / "overhead")
        measure.publish("handover", *_told(looked, ran, costs), _versions(tools))


def _told(
    looked: list[tuple[str, str, Seen]], ran: list[tuple[str, Made]], costs: Mapping[str, list[measure.Cost]]
) -> list[str]:
    wrong = sum(each.wrong_edges + each.wrong_retries + each.wrong_schedules for _, _, each in looked)
    whole, each, idle = (measure.median(found).wall for found in costs.values())
    intro = (
        "What `jusante export` writes, as the tools themselves read it, held against the graph: the shop, and a generated "
        "project of 100 assets in three rhythms and one without. Wrong are edges that are missing or too many, assets "
        "with other retries (how many, and the first wait), and clocks that are others. Seconds are those of export and load; Prefect "
        "knows an order only after a run, so its flows are run with `true` in place of jusante."
    )
    return [
        intro,
        measure.table(
            ["tool", "project", "tasks", "edges", "wrong edges", "wrong retries", "wrong clocks", "s"],
            (
                (t, p, s.tasks, s.edges, s.wrong_edges, s.wrong_retries, s.wrong_schedules, f"{s.load_seconds:.1f}")
                for t, p, s in looked
            ),
        ),
        "A small project really run by the tools, which call the real `jusante run`; what its ledger says afterwards.",
        measure.table(
            ["tool", "assets made", "each once", "in order", "s in jusante's runs", "s in all"],
            (
                (
                    t,
                    m.tasks,
                    "yes" if m.once else "**no**",
                    "yes" if m.in_order else "**no**",
                    f"{m.jusante_seconds:.1f}",
                    f"{m.wall_seconds:.1f}",
                )
                for t, m in ran
            ),
        ),
        "What a process for each asset costs beside one for all, without an orchestrator.",
        measure.costs_table(costs),
        measure.targets_table(
            [
                measure.Target("edges, retries and clocks that are wrong", 0, wrong),
                measure.Target(
                    "runs in which each asset is made once, in order",
                    len(TOOLS),
                    sum(m.once and m.in_order for _, m in ran),
                    at_least=True,
                ),
            ]
        ),
        f"A task more costs {(each - whole) / 5:.2f} s of wall clock; one that finds nothing to make takes {idle:.2f} s.",
    ]


def _versions(tools: list[Tool]) -> str:
    peers = "; ".join(measure.versions(tool.scripts, TOOLS[tool.label][0].partition("==")[0]) for tool in tools)
    return f"Versions: {measure.own_versions()}; {peers}."


if __name__ == "__main__":
    main()
