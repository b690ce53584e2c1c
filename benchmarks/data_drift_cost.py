"""What it costs to look at the data of a load: TPC-H's lineitem from a PostgreSQL, with `drift: {data: tell}` and `off`."""

import shutil
import sys
from pathlib import Path

import measure
import tpch
from measure import Contender, Target

ROUNDS = 3
NAME = "jusante run, data: {policy}"
_SOURCE = """\
source: tpch
kind: postgres
connection: ${{env:TPCH_URL}}
tables:
  lineitem: {{key: [l_orderkey, l_linenumber], drift: {{data: {policy}}}}}
"""


def main() -> None:
    rounds = measure.rounds(ROUNDS)
    folder = measure.WORK / "data_drift_cost"
    shutil.rmtree(folder, ignore_errors=True)
    with tpch.in_postgres() as server:
        contenders = [_load(folder / policy, policy, server.url()) for policy in ("off", "tell")]
        costs = measure.in_turn(contenders, rounds)
    medians = {name: measure.median(found) for name, found in costs.items()}
    off, tell = (medians[NAME.format(policy=policy)] for policy in ("off", "tell"))
    share = 100 * (tell.cpu - off.cpu) / off.cpu
    measure.publish(
        "data_drift_cost",
        f"A first load of TPC-H lineitem, {tpch.LINEITEM_ROWS:,} rows, 16 columns, from a PostgreSQL of this machine. Medians of "
        f"{rounds} rounds.",
        measure.costs_table(costs),
        measure.targets_table([Target("CPU of the look at the data, of a load's", 10, share, "%")]),
    )


def _load(project: Path, policy: str, url: str) -> Contender:
    measure.written(project / "jusante.yaml", "name: tpch\n")
    measure.written(project / "sources" / "tpch.yaml", _SOURCE.format(policy=policy))

    def prepare() -> None:
        shutil.rmtree(project / ".jusante", ignore_errors=True)

    environment = {"TPCH_URL": url, "PYTHONPATH": str(measure.ROOT / "src")}
    return Contender(
        NAME.format(policy=policy), [sys.executable, "-m", "jusante", "run"], project, environment, prepare
    )


if __name__ == "__main__":
    main()
