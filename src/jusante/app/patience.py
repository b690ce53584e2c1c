"""Callers who connect and say nothing are hung up on: uvicorn waits for them for ever, and they keep others out."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


def impatient(seconds: float) -> type[H11Protocol]:
    """How HTTP is spoken with those who have said what they want within so many seconds, head and all."""

    class Impatient(H11Protocol):
        _giving_up: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            """Begin to listen, and to count."""
            super().connection_made(transport)
            self._giving_up = self.loop.call_later(seconds, self._give_up)

        def connection_lost(self, exc: Exception | None) -> None:
            """It is over."""
            if self._giving_up:
                self._giving_up.cancel()
            super().connection_lost(exc)

        def _give_up(self) -> None:
            if getattr(self, "cycle", None) is None:  # no question has come
                self.transport.abort()

    return Impatient
