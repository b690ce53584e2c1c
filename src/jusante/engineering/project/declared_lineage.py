"""The lineage that a Python model declares: it may name the tables that its function takes, and no others."""

from collections.abc import Mapping, Sequence

from jusante.core.names import nearest
from jusante.core.place import Place
from jusante.engineering.project.problems import Findings


def refuse_strangers(
    findings: Findings,
    declared: Mapping[str, Sequence[str]],
    inputs: Sequence[str],
    file: str,
    lines: Mapping[str, int],
) -> None:
    """A problem for each origin that is no column of an input."""
    for column, origins in declared.items():
        for origin in origins:
            table, _, name = origin.rpartition(".")
            if table in inputs and name:
                continue
            near = nearest(table or origin, inputs)
            meant = f"did you mean {near}.{name}?" if near and table else f"it takes {', '.join(inputs) or 'no table'}"
            what = f"lineage of {column}: {origin} is no column of a table that the function takes"
            findings.add("J142", what, Place(file, lines.get(column, 0)), meant)
