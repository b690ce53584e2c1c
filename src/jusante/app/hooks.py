"""Calls from outside: who may, how often, and what the ledger keeps of them. Nothing in a call is executed or kept.

A call is answered with 202 once it stands in the ledger. The ledger is written by one thread, for many calls at once.
"""

import datetime as dt
import hashlib
import queue
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from jusante.app.probing import HOOK_CALLED, hook_id
from jusante.core.event import Event
from jusante.core.others import Hook
from jusante.core.secret import Secret
from jusante.errors import JusanteError
from jusante.security.webhooks import LONGEST_ID, bears, key_of, why_not_signed

LONGEST_BODY_BYTES = 256 * 1024
REMEMBERED_CALLS = 20_000
"""So many calls back, one that comes again is known without asking the ledger."""
MOST_WAITING = 1_000
"""So many calls wait to be written; further ones are told to come again."""
AT_ONCE = 500
WAIT_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller is told: an HTTP status, in words why, and after how many seconds to come again, if at all."""

    status: int
    what: str
    again_after: int | None = None


Written = Future[None]
Take = Callable[[Sequence[Event]], Sequence[Event]]
"""Writes calls down, but for those that were taken before, by this process or another; which were new."""


class Allowance:
    """How many calls are taken: so many at once, and as many again in each minute."""

    def __init__(self, per_minute: int, now: float) -> None:
        self._per_second = per_minute / 60
        self._most = float(per_minute)
        self._left = self._most
        self._at = now

    def take(self, now: float) -> int:
        """Take one; 0, or after how many seconds there is one again. `now` is in seconds and does not go back."""
        self._left = min(self._most, self._left + max(0.0, now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return max(1, round((1 - self._left) / self._per_second))
        self._left -= 1
        return 0


class Hooks:
    """The hooks of a project. `heard` is told the name of a hook once a call stands in the ledger."""

    def __init__(
        self,
        hooks: Mapping[str, Hook],
        take: Take,
        heard: Callable[[str], None],
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._hooks = hooks
        self._keys = {name: key_of(hook.secret) for name, hook in hooks.items() if hook.secret is not None}
        self._take = take
        self._heard = heard
        self._clock = clock
        now = clock().timestamp()
        self._allowances = {name: Allowance(hook.per_minute, now) for name, hook in hooks.items()}
        self._known: OrderedDict[str, Written] = OrderedDict()
        self._lock = threading.Lock()
        self._waiting: queue.Queue[tuple[str, Event, Written] | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._write, name="jusante-hooks", daemon=True)
        self._thread.start()

    def call(self, name: str, headers: Mapping[str, str], body: bytes) -> Answer | Written:
        """Take a call: an answer at once, or what is done when it stands in the ledger (see `answered`)."""
        hook = self._hooks.get(name)
        if hook is None:
            return Answer(404, "there is no such hook")
        now = self._clock()
        if refused := self._refused(name, hook, headers, body, now):
            return Answer(401, refused)
        given = headers.get("webhook-id") or headers.get("idempotency-key") or ""
        if len(given) > LONGEST_ID:
            return Answer(400, "its id is too long")
        message = _digest((given or secrets.token_hex(16)).encode())
        with self._lock:
            known = self._known.get(_known_as(hook_id(name), message))
            if known is not None:
                return known
            if seconds := self._allowances[name].take(now.timestamp()):
                return Answer(429, "too many calls", seconds)
            payload = {"hook": name, "message": message, "body": _digest(body), "bytes": len(body)}
            return self._put(name, Event(HOOK_CALLED, now, asset=hook_id(name), payload=payload))

    def _refused(self, name: str, hook: Hook, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> str:
        if hook.secret is not None:
            return why_not_signed(self._keys[name], headers, body, now)
        assert isinstance(hook.token, Secret)
        return "" if bears(hook.token, headers) else "the token is missing, or is not the one"

    def _put(self, name: str, event: Event) -> Answer | Written:
        written: Written = Future()
        written.set_running_or_notify_cancel()  # a caller that hangs up does not take the others' answer away
        try:
            self._waiting.put_nowait((name, event, written))
        except queue.Full:
            return Answer(503, "too many calls wait to be written down", WAIT_SECONDS)
        self._known[_known_as(str(event.asset), str(event.payload["message"]))] = written
        while len(self._known) > REMEMBERED_CALLS:
            self._known.popitem(last=False)
        return written

    def close(self) -> None:
        """Write down what waits, and end."""
        self._waiting.put(None)
        self._thread.join()

    # -- in the thread -----------------------------------------------------------------------------------------------

    def _write(self) -> None:
        goes_on = True
        while goes_on:
            calls = [self._waiting.get()]
            while len(calls) < AT_ONCE and not self._waiting.empty():
                calls.append(self._waiting.get())
            goes_on = None not in calls
            self._write_down([call for call in calls if call])

    def _write_down(self, calls: list[tuple[str, Event, Written]]) -> None:
        try:
            fresh = {event.asset for event in self._take([event for _, event, _ in calls])}
        except Exception as error:  # noqa: BLE001  # the edge of a thread: whoever called is told, and comes again
            for _, event, written in calls:
                with self._lock:
                    self._known.pop(_known_as(str(event.asset), str(event.payload["message"])), None)
                written.set_exception(error)
            return
        for name in {name for name, event, _ in calls if event.asset in fresh}:
            self._heard(name)
        for _, _, written in calls:
            written.set_result(None)


def answered(error: BaseException | None) -> Answer:
    """What a caller is told when its call was written down, or could not be."""
    if error is None:
        return Answer(202, "taken")
    code = f" ({error.code})" if isinstance(error, JusanteError) else ""
    return Answer(503, f"the ledger cannot be written{code}", WAIT_SECONDS)


def _known_as(asset: str, message: str) -> str:
    return f"{asset} {message}"


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
