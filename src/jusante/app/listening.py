"""Who may ask `jusante up` over HTTP, and what it answers from."""

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from jusante.app.conductor import Conductor
from jusante.app.endpoint import Answers, answering
from jusante.app.health import health
from jusante.app.hooks import Hooks
from jusante.app.metrics import openmetrics
from jusante.app.system import System


@contextmanager
def listening(system: System, conductor: Conductor, stop: threading.Event, address: str | None) -> Iterator[str]:
    """Answer while the block runs; the URL. `address` and what is raised as in `answering`."""
    hooks = Hooks(system.project.environment.hooks, system.metadata, conductor.heed, _now)
    answers = Answers(
        health=lambda: health(conductor, _now(), stopping=stop.is_set()),
        metrics=lambda: openmetrics(system),
        hooks=hooks,
    )
    try:
        with answering(answers, address) as url:
            yield url
    finally:
        hooks.close()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
