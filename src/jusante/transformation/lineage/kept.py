"""Lineages that were worked out before, in a file, by a hash of all that they depend on."""

import contextlib
import functools
import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jusante.core.lineage import Edge, Origin, QueryLineage, SomeColumns, Unresolved

FORM = 4
"""The number of this form; another one is not read."""


def key_of(canonical: str, columns: Mapping[str, Sequence[str] | None], output: Sequence[str]) -> str:
    """What a query's lineage depends on: its text, the columns of what it reads, the names it gives."""
    read = [[name, known, isinstance(known, SomeColumns)] for name, known in sorted(columns.items())]
    basis = json.dumps([FORM, _reader(), canonical, read, list(output)], default=list)
    return hashlib.blake2b(basis.encode(), digest_size=16).hexdigest()


@functools.cache
def _reader() -> str:
    """Who understood the query: looking it up costs more than a query's lineage."""
    return version("sqlglot")


class Kept:
    """The lineages in one file. A file that cannot be read or written costs time and nothing else."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._before: dict[str, Any] = _read(path) if path else {}
        self._used: dict[str, Any] = {}
        self.anew = 0
        """How many lineages had to be worked out, because nothing was kept of them."""

    def get(self, key: str) -> QueryLineage | None:
        """What was kept under a key."""
        packed = self._before.get(key)
        if packed is None:
            return None
        self._used[key] = packed
        return _unpacked(packed)

    def put(self, key: str, lineage: QueryLineage) -> None:
        """Keep a lineage that was worked out."""
        self.anew += 1
        self._used[key] = _packed(lineage)

    def save(self) -> None:
        """Write what was used this time, if that is not what is there."""
        if self._path is None or self._used.keys() == self._before.keys():
            return
        draft = self._path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.draft")
        with contextlib.suppress(OSError):
            draft.write_text(json.dumps(self._used, separators=(",", ":")), encoding="utf-8")
            draft.replace(self._path)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _packed(lineage: QueryLineage) -> Any:
    columns = {name: [_edge(edge) for edge in sorted(edges)] for name, edges in lineage.columns.items()}
    unresolved = [[each.expression, each.reason] for each in lineage.unresolved]
    return [columns, [_edge(edge) for edge in sorted(lineage.rows)], unresolved, sorted(lineage.assumed)]


def _edge(edge: Edge) -> list[Any]:
    return [edge.origin.table, edge.origin.column, edge.how, edge.form]


def _unpacked(packed: Any) -> QueryLineage:
    columns, rows, unresolved, assumed = packed
    return QueryLineage(
        {name: frozenset(map(_edge_of, edges)) for name, edges in columns.items()},
        frozenset(map(_edge_of, rows)),
        tuple(Unresolved(*each) for each in unresolved),
        frozenset(assumed),
    )


def _edge_of(packed: list[Any]) -> Edge:
    return Edge(Origin(packed[0], packed[1]), packed[2], packed[3])
