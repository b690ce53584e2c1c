"""What somebody has asked to be cancelled: an entry of the ledger, which the processes of the run see within a second."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from jusante.core.event import Event
from jusante.errors import Cancelled, StorageError
from jusante.orchestration.stopping import StoppableEngine
from jusante.ports.metadata_store import MetadataStore

ASKED = "cancel.asked"
LOOK_SECONDS = 0.5
MOST_WISHES = 1_000
"""So many of the latest wishes are looked at; those of one run are much fewer."""


class Cancelling:
    """The wishes about one run, and what is done about them in this process."""

    def __init__(self, run_id: str, metadata: MetadataStore, engine: StoppableEngine) -> None:
        self._run_id = run_id
        self._metadata = metadata
        self._engine = engine
        self._whole = ""
        self._assets: dict[str, str] = {}

    def why(self, name: str) -> str | None:
        """Why an asset is not to be made in this run any more; None where nobody has said so."""
        return self._assets.get(name) or self._whole or None

    def look(self) -> None:
        """Read what was asked, and stop what it is about."""
        for event in self._metadata.latest(ASKED, MOST_WISHES):
            if event.run_id != self._run_id:
                continue
            if event.asset:
                self._assets[event.asset] = told(event)
            else:
                self._whole = told(event)
        for name in self._engine.doing:
            if why := self.why(name):
                self._engine.stop_task(name, Cancelled(why, fix=f"jusante run {name} makes it"))
        self._engine.tell_again()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Heed wishes while the block runs."""
        done = threading.Event()
        watch = threading.Thread(target=self._watch, args=(done,), name="cancelling", daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()

    def _watch(self, done: threading.Event) -> None:
        while not done.wait(LOOK_SECONDS):
            try:
                self.look()
            except StorageError:
                continue  # who asks finds no database either


def told(event: Event) -> str:
    """Who has cancelled it, and why, in words."""
    why = event.payload.get("why")
    return f"cancelled by {event.actor}" + (f": {why}" if why else "")
