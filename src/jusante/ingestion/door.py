"""What is looked at before it comes in: columns of which nobody has said whether they hold personal data.

A bounded sample decides, for each column as a whole, and is forgotten. The ledger keeps which column it was, what it looked
like and how much of it, and never a value; `jusante check` reads that.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from jusante.core.asset import Ingested
from jusante.core.event import Event
from jusante.core.names import quote, split
from jusante.core.schema import Schema
from jusante.errors import JusanteError, SourceDenied, SourceError, SourceUnavailable
from jusante.ingestion.transit import FILE_COLUMN
from jusante.ports.connector import Connector, Request
from jusante.ports.engine import Engine
from jusante.ports.metadata_store import MetadataStore
from jusante.security.sensitive import EXAMINED, LIKELY, Likely, likely, remembered

SAMPLE_ROWS = 1000
MOST_REMEMBERED = 10_000
_SAMPLE = "__sample.rows"


class Door:
    """Looks at what is new, and remembers what it saw."""

    def __init__(self, engine: Engine, metadata: MetadataStore, clock: Callable[[], dt.datetime]) -> None:
        self._engine = engine
        self._metadata = metadata
        self._clock = clock

    def held(self, name: str, ingested: Ingested, source: Schema) -> tuple[Likely, ...]:
        """The columns that were found before and that nobody has decided upon yet."""
        found = remembered(self._metadata.latest(LIKELY, MOST_REMEMBERED, asset=name))
        return tuple(found[column] for column in _undecided(ingested, source) if column in found)

    def look(
        self, name: str, ingested: Ingested, source: Schema, connector: Connector, run_id: str
    ) -> tuple[Likely, ...]:
        """Look at the columns that were not looked at before; those that seem to hold personal data."""
        known = self._known(name)
        fresh = tuple(column for column in _undecided(ingested, source) if column not in known)
        if not fresh:
            return ()
        seen = self._sample(connector, Request(name, ingested.table, fresh))
        types = {column.name: column.type for column in source}
        table = split(name)[1]
        judged = [(column, likely(column, types[column], seen[column], table)) for column in fresh]
        found = tuple(each for _, each in judged if each)
        # A column in which nothing stands yet is looked at again.
        clear = [column for column, each in judged if each is None and any(v is not None for v in seen[column])]
        self._tell(name, run_id, found, clear)
        return found

    def _known(self, name: str) -> set[str]:
        clear = self._metadata.latest(EXAMINED, MOST_REMEMBERED, asset=name)
        found = remembered(self._metadata.latest(LIKELY, MOST_REMEMBERED, asset=name))
        return {*found, *(column for event in clear for column in event.payload["columns"])}

    def _tell(self, name: str, run_id: str, found: Iterable[Likely], clear: list[str]) -> None:
        now = self._clock()
        events = [Event(LIKELY, now, run_id, name, asdict(each)) for each in found]
        events += [Event(EXAMINED, now, run_id, name, {"columns": clear})] if clear else []
        if events:
            self._metadata.tell(events)

    def _sample(self, connector: Connector, request: Request) -> Mapping[str, list[Any]]:
        """A few values of each column. An error tells nothing that the source said: it may have said a value."""
        try:
            relation = connector.sample(request, SAMPLE_ROWS)
            with self._engine.session({_SAMPLE: relation}) as session:
                listed = ", ".join(quote(column) for column in request.columns)
                rows = session.table(f'select {listed} from "__sample"."rows" limit {SAMPLE_ROWS}')
        except (SourceUnavailable, SourceDenied):
            raise
        except JusanteError as error:
            raise SourceError(
                f"the first rows of {request.name} cannot be read ({error.code}), so nobody can tell what is in "
                f"{', '.join(request.columns)}",
                where=request.name,
                fix="say under `columns` what they are: `sensitive: <kind>` or `not_personal: <why>`, then run again",
            ) from None
        return {column: rows.column(place).to_pylist() for place, column in enumerate(request.columns)}


def _undecided(ingested: Ingested, source: Schema) -> tuple[str, ...]:
    names = (column.name for column in source if column.name != FILE_COLUMN)
    return tuple(name for name in names if not ingested.table.rule(name).is_decided)
