"""Who may ask `jusante up` over HTTP, and what it answers from."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from jusante.app import clock
from jusante.app.duty import Duty
from jusante.app.endpoint import Answers, answering
from jusante.app.health import health, is_live
from jusante.app.hooks import Hooks
from jusante.app.metrics import openmetrics
from jusante.app.system import System
from jusante.core.event import Event


@contextmanager
def listening(system: System, duty: Duty, stop: threading.Event, address: str | None) -> Iterator[str]:
    """Answer while the block runs, leading or standing by; the URL. `address` and what is raised as in `answering`."""

    def take(calls: Sequence[Event]) -> Sequence[Event]:
        return system.metadata.take(calls)  # opened when it is first needed: it may be away when this one begins

    hooks = Hooks(system.project.environment.hooks, take, duty.heed, clock.now)
    answers = Answers(
        live=lambda: is_live(duty, clock.now()),
        health=lambda: health(duty, lambda: system.metadata.latest(None, 1), clock.now(), stopping=stop.is_set()),
        metrics=lambda: openmetrics(system),
        hooks=hooks,
    )
    try:
        with answering(answers, address) as url:
            yield url
    finally:
        hooks.close()
