"""What guards found before, in a file, by a hash of all that it depends on: an unchanged query is not looked at again."""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jusante.core.asset import Asset, Ingested
from jusante.core.graph import Graph
from jusante.transformation.guards.subject import Found
from jusante.transformation.row_growth.project import PublishedSchema
from jusante.transformation.row_growth.relation import Blame

FORM = 1
"""The number of this form, and of what the guards look for: when a guard changes, it must grow."""


class KeptFindings:
    """The findings in one file. A file that cannot be read or written costs time and nothing else."""

    def __init__(self, path: Path, graph: Graph, published: PublishedSchema) -> None:
        self._path = path
        self._graph = graph
        self._published = published
        self._keys: dict[str, str] = {}
        self._seen: dict[str, str] = {}
        self._before: dict[str, Any] = _read(path)
        self._used: dict[str, Any] = {}

    def get(self, asset: Asset) -> tuple[Found, ...] | None:
        """What was found in an asset as it is now; None where it has not been looked at."""
        packed = self._before.get(self._key(asset.id))
        if packed is None:
            return None
        self._used[self._key(asset.id)] = packed
        return tuple(map(_unpacked, packed))

    def put(self, asset: Asset, found: tuple[Found, ...]) -> None:
        """Keep what was found."""
        self._used[self._key(asset.id)] = [_packed(each) for each in found]

    def save(self) -> None:
        """Write what was used this time, if that is not what is there. What was not asked for is kept as well."""
        if self._used.keys() <= self._before.keys():
            return
        wanted = {self._key(name) for name in self._graph.ids}
        kept = {key: packed for key, packed in {**self._before, **self._used}.items() if key in wanted}
        draft = self._path.with_suffix(".draft")
        with contextlib.suppress(OSError):
            draft.write_text(json.dumps(kept, separators=(",", ":")), encoding="utf-8")
            draft.replace(self._path)

    def _key(self, name: str) -> str:
        """Of what an asset is, and what is known of all that it reads."""
        if name not in self._keys:
            asset = self._graph[name]
            quiet = asset.definition.source.limits.not_during if isinstance(asset.definition, Ingested) else None
            above = [self._seen_from_below(each) for each in sorted(asset.inputs)]
            self._keys[name] = _hash([FORM, _SQLGLOT, name, self._graph.versions[name], asset.owner, quiet, above])
        return self._keys[name]

    def _seen_from_below(self, name: str) -> str:
        """What an asset is to those that read it: itself, and its columns as they are published."""
        if name not in self._seen:
            schema = self._published(name)
            columns = [(column.name, column.type) for column in schema] if schema else None
            self._seen[name] = _hash([self._key(name), columns])
        return self._seen[name]


_SQLGLOT = version("sqlglot")


def _hash(basis: list[Any]) -> str:
    return hashlib.blake2b(json.dumps(basis).encode(), digest_size=12).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _packed(found: Found) -> dict[str, Any]:
    packed = asdict(found)
    if found.blame:
        for name in ("repeated_keys", "by_keys"):
            packed["blame"][name] = [sorted(key) for key in getattr(found.blame, name)]
    return packed


def _unpacked(packed: Mapping[str, Any]) -> Found:
    values: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in packed.items()}
    blame = packed["blame"]
    if blame:
        sides = {name: tuple(frozenset(key) for key in blame[name]) for name in ("repeated_keys", "by_keys")}
        values["blame"] = Blame(**{**blame, **sides, "on": tuple((one, other) for one, other in blame["on"])})
    return Found(**values)
