"""The batches of a backfill, each with the time that its asset may take, and tried again as its retries say."""

import itertools
from collections.abc import Callable
from typing import TypeVar

from jusante.core import duration
from jusante.core.asset import Asset
from jusante.errors import JusanteError, Stopped
from jusante.orchestration.conducting.laws import Law
from jusante.orchestration.conducting.retrying import pause_after
from jusante.orchestration.stopping import StoppableEngine
from jusante.transformation.incremental.batches import Hitch

_Made = TypeVar("_Made")


class BatchTries:
    """How the batches of one asset are tried, in whatever thread. `troubled` hears of each that is tried again.

    `discreetly` is an error as it may be shown.
    """

    def __init__(
        self,
        asset: Asset,
        law: Law,
        engine: StoppableEngine,
        troubled: Callable[[Hitch], None],
        discreetly: Callable[[JusanteError], JusanteError],
    ) -> None:
        self._asset = asset
        self._law = law
        self._engine = engine
        self._troubled = troubled
        self._discreetly = discreetly

    def of(self, part: str, work: Callable[[], _Made]) -> _Made:
        """What comes of it at the first try that succeeds; a try's queries are stopped where they take too long."""
        with self._engine.helping(self._asset.id):
            for tries in itertools.count(1):
                try:
                    with self._engine.limited(longest(self._asset)):
                        return work()
                except JusanteError as error:
                    pause = pause_after(self._law, tries, error.code)
                    if pause is None:
                        raise
                    self._engine.pause(0)  # who was told to stop is not in trouble
                    seconds = pause.total_seconds()
                    self._troubled(self._hitch(part, tries, seconds, error))
                    self._engine.pause(seconds)
        raise AssertionError("the last try returns or raises")

    def stop(self) -> None:
        """Stop what is being done: it is not needed any more."""
        self._engine.stop_task(self._asset.id, Stopped("another batch of it failed", fix="jusante backfill goes on"))

    def _hitch(self, part: str, tries: int, seconds: float, error: JusanteError) -> Hitch:
        shown = self._discreetly(error)
        return Hitch(self._asset.id, part, tries, self._law.attempts, seconds, shown.code, shown.what)


def longest(asset: Asset) -> float | None:
    """How many seconds it may take, where somebody has said so."""
    return duration.parse(asset.timing.timeout).total_seconds() if asset.timing.timeout else None
