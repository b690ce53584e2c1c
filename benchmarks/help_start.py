"""What it costs to start: `jusante --help` against the `--help` of its peers, which are in the same kind of environment."""

import measure
import peers
from measure import Contender, Target

ROUNDS = 10


def main() -> None:
    count = measure.rounds(ROUNDS)
    contenders = [
        Contender("jusante --help", [measure.JUSANTE, "--help"]),
        Contender("dbt --help", [str(peers.dbt() / "dbt"), "--help"]),
        Contender("sqlmesh --help", [str(peers.sqlmesh() / "sqlmesh"), "--help"]),
        Contender("dlt --help", [str(peers.dlt() / "dlt"), "--help"]),
    ]
    measure.in_turn(contenders, 1)  # the first start of each compiles its modules and is not counted
    costs = measure.in_turn(contenders, count)
    cpu = measure.median(costs["jusante --help"]).cpu
    measure.publish(
        "help_start",
        f"Medians of {count} rounds, after one that is not counted.",
        measure.costs_table(costs),
        measure.targets_table([Target("CPU seconds of `jusante --help`", 0.15, cpu, "s")]),
        f"Versions: {measure.own_versions()}; {peers.told()}.",
    )


if __name__ == "__main__":
    main()
