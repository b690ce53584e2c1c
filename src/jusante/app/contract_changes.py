"""What changes between two versions of contracts, whom it touches, and who answers for it on both sides."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jusante.app.columns import columns_of
from jusante.app.system import System
from jusante.core.blast import Touched, blast
from jusante.core.contract import Contract
from jusante.core.lineage import Origin
from jusante.core.place import Place
from jusante.engineering.project.contracts import ENDINGS, FOLDER, read_text
from jusante.engineering.revisions import files_at, files_now
from jusante.errors import UsageError
from jusante.management.contracts.compare import Change, asks_for_major, compare

NOW = ""
"""In place of a revision: the files as they lie in the project."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One change of a contract: where it stands, who promised, and whom it touches, the most important first."""

    source: str
    change: Change
    place: Place
    producer: str | None
    touched: tuple[Touched, ...]

    @property
    def consumers(self) -> tuple[str, ...]:
        """The owners of what is touched, each once."""
        return tuple(dict.fromkeys(each.owner for each in self.touched if each.owner))

    def as_dict(self) -> dict[str, Any]:
        """The change as `--json` prints it."""
        return {
            "source": self.source,
            **self.change.as_dict(),
            "where": str(self.place),
            "producer": self.producer,
            "consumers": list(self.consumers),
            "blast": [each.as_dict() for each in self.touched],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes, the breaking ones first, and the contracts whose version does not say that something breaks."""

    changes: tuple[Judged, ...]
    versions: tuple[str, ...]

    @property
    def breaking(self) -> tuple[Judged, ...]:
        """The changes that somebody may notice."""
        return tuple(each for each in self.changes if each.change.breaking)

    def as_dict(self) -> dict[str, Any]:
        """The comparison as `--json` prints it."""
        return {
            "breaking": len(self.breaking),
            "changes": [each.as_dict() for each in self.changes],
            "versions": list(self.versions),
        }


def of_files(old: Path, new: Path) -> tuple[Mapping[str, Contract], Mapping[str, Contract]]:
    """The contracts in two files, as those of the newer one's source. Raises UsageError, ProjectProblems."""
    texts = [_text(path) for path in (old, new)]
    before, after = (read_text(text, str(path)) for text, path in zip(texts, (old, new), strict=True))
    return {after.source: before}, {after.source: after}


def of_revisions(folder: Path, old: str, new: str) -> tuple[Mapping[str, Contract], Mapping[str, Contract]]:
    """The contracts of a project in two revisions; `NOW` for those that lie there. Raises UsageError, ProjectProblems."""
    return _at(folder, old), _at(folder, new)


def compared(before: Mapping[str, Contract], after: Mapping[str, Contract], system: System | None) -> Comparison:
    """Every change, with whom it touches in the project, where there is one."""
    changes: list[Judged] = []
    versions: list[str] = []
    for source in dict.fromkeys([*before, *after]):
        old, new = before.get(source), after.get(source)
        found = compare(old.terms if old else None, new.terms if new else None)
        changes += [_judged(source, old, new, change) for change in found]
        if old and new and asks_for_major(old.terms, new.terms, found):
            versions.append(
                f"{source} stays at version {new.terms.version}, and something breaks: raise the first number"
            )
    if system:
        touched = _Touched(system, before, after)
        changes = [touched.told(each) if each.change.breaking else each for each in changes]
    return Comparison(tuple(sorted(changes, key=lambda each: not each.change.breaking)), tuple(versions))


def _judged(source: str, old: Contract | None, new: Contract | None, change: Change) -> Judged:
    there = new or old
    assert there is not None, "a contract that is in neither version has no changes"
    return Judged(source, change, there.where(change.table, change.column), (old or there).owner, ())


class _Touched:
    """Whom changes touch, asked of the graph by column; contracts say which columns there are where nothing is loaded."""

    def __init__(self, system: System, before: Mapping[str, Contract], after: Mapping[str, Contract]) -> None:
        self._graph = system.graph
        self._columns = columns_of(system, (before, after))

    def told(self, judged: Judged) -> Judged:
        """The same change with whom it touches."""
        origins = self._origins(judged.source, judged.change)
        touched = blast(self._graph, self._columns, origins) if origins else ()
        return Judged(judged.source, judged.change, judged.place, judged.producer, touched)

    def _origins(self, source: str, change: Change) -> list[Origin]:
        prefix = f"{source}.{change.table}".lower() if change.table else f"{source}."
        found = []
        for asset in self._graph:
            name = asset.id.lower()
            if asset.kind != "ingested" or not (name == prefix or (not change.table and name.startswith(prefix))):
                continue
            there = self._columns.columns(asset.id)
            found += [Origin(asset.id, each) for each in there if change.column.lower() in {"", each.lower()}]
        return found


def _at(folder: Path, revision: str) -> Mapping[str, Contract]:
    texts = files_at(folder, revision, FOLDER, ENDINGS) if revision != NOW else files_now(folder, FOLDER, ENDINGS)
    contracts = [read_text(text, name) for name, text in texts.items()]
    return {contract.source: contract for contract in contracts}


def _text(path: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8-sig")
    fix = "name two files, or two revisions as main..HEAD"
    raise UsageError(f"the file {path} cannot be read", fix=fix)
