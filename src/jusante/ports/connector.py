"""What a source system can do for us. An adapter of another package enters by the entry point `jusante.connectors`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from jusante.core.cursor import Cursor
from jusante.core.noun import Noun
from jusante.core.schema import Schema
from jusante.core.source import Source, SourceTable
from jusante.ports.engine import Engine
from jusante.ports.relation import Relation


@dataclass(frozen=True, slots=True)
class Request:
    """What is wanted of one table.

    `since` is where the last load ended (lookback already taken off): rows at or after it, and rows with a null in the
    cursor column. None: everything. `columns` are those to read, in order; a column that is not named must not leave
    the source. `marker` is the `Reading.marker` of the last published load, None before the first. `known` is the
    table as it stands here (None before the first load): its types guide the reading of formats that carry none.
    """

    name: str
    table: SourceTable
    columns: tuple[str, ...]
    since: Cursor | None = None
    marker: str | None = None
    known: Schema | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One table's rows, ready to be read once.

    `complete`: these are all the rows the source has, so rows missing here are gone there. False for what is new only.
    `replaces`: these rows stand for whatever was loaded with the same values in these columns (`_file`: a file that
    changed is loaded anew); empty: by the table's key.
    `marker` is opaque to all but the connector; it is published in one commit with the rows, and comes back in the next
    `Request`. A complete reading with the marker of the last one brings the same rows, and is not published again.
    `notices` are for the person who reads the run's report: what was skipped, guessed or seen on the way.
    `key_is_enforced`: the source itself guarantees that the table's key is unique and not null.
    """

    relation: Relation
    complete: bool
    marker: str | None = None
    replaces: tuple[str, ...] = ()
    key_is_enforced: bool = False
    notices: list[str] = field(default_factory=list)


class Connector(Protocol):
    """One open source. Errors are `SourceError`s, with the source's secrets scrubbed out of every text."""

    def tables(self) -> tuple[str, ...]:
        """The names of the tables the source offers, as `from:` takes them; empty where it cannot tell."""

    def schema(self, name: str, table: SourceTable, known: Schema | None = None) -> Schema:
        """The table as it is at the source now, without reading its rows (a sample, where there is no other way).

        `known` is the table as it stands here, for formats that carry no types: what fits into a known type has it.
        Columns bear their `identity`, and the schema its `keys`, where the source can tell.
        """

    def unchanged(self, request: Request) -> bool:
        """Whether a read would bring nothing new since `request.marker`, if that is cheap to tell; else False."""

    def sample(self, request: Request, rows: int) -> Relation:
        """Some rows with the columns asked for, about as many, from wherever they are cheap to come by. No error shows a value."""

    def read(self, request: Request) -> Reading:
        """Start reading. Memory is bounded; a passing failure is tried again within `Limits`, then raised."""

    def close(self) -> None:
        """Let go of connections. Never raises."""


@runtime_checkable
class Counting(Protocol):
    """A connector that counts the requests it sends, for whom they cost money."""

    @property
    def requests(self) -> int:
        """How many it has sent, failed ones included."""


def requests_of(connector: Connector) -> int:
    """How many requests a connector has sent; none where it does not count them."""
    return connector.requests if isinstance(connector, Counting) else 0


@dataclass(frozen=True, slots=True)
class ConnectorKind:
    """A kind of source, as `kind:` in a source file names it.

    `source_options` and `table_options` are the keys that this kind adds to those of `Source` and `SourceTable`.
    `open` gets the source, the project's folder (paths are relative to it) and the engine that will run its plans. It
    makes no connection yet. `finds_tables` says that tables need no declaration of where they are.
    """

    source_options: type[Noun]
    table_options: type[Noun]
    open: Callable[[Source, Path, Engine], Connector]
    needs_connection: bool = True


ConnectorKinds = Mapping[str, ConnectorKind]
