"""What `jusante up` answers over HTTP: `GET /health`, `GET /health/live`, `GET /metrics`, `POST /hooks/NAME`."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jusante.app.hooks import LONGEST_BODY_BYTES, Answer, Hooks, answered
from jusante.app.metrics import CONTENT_TYPE
from jusante.errors import ExtraMissing, StorageError, UsageError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8321
MOST_AT_ONCE = 128
"""So many questions are answered at once; further ones are told to come again."""
LONGEST_READ_SECONDS = 5.0
LONGEST_ANSWER_SECONDS = 5.0
LONGEST_GOODBYE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Answers:
    """Where what is asked for comes from. `health` and `metrics` are called in threads, and may wait for the ledger.

    `live` is answered at once: whoever asks it starts the process anew where it is not.
    """

    live: Callable[[], bool]
    health: Callable[[], dict[str, Any]]
    metrics: Callable[[], str]
    hooks: Hooks


@contextmanager
def answering(answers: Answers, address: str | None) -> Iterator[str]:
    """Answer while the block runs; the URL. `address` is `host:port`, port 0 for any that is free.

    Without one, it is port 8321 of the loopback interface, or any other where that is taken. Raises ExtraMissing where the
    web server is not installed, UsageError where the address cannot be used.
    """
    try:
        import starlette.applications  # noqa: F401  # said at once, not with the first question
        import uvicorn

        from jusante.app.patience import impatient
    except ModuleNotFoundError:
        raise ExtraMissing("the web server is not installed", fix='pip install "jusante[web]"') from None
    listening = _listening(address)
    config = uvicorn.Config(
        application(answers),
        http=impatient(LONGEST_READ_SECONDS),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        limit_concurrency=MOST_AT_ONCE,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=int(LONGEST_GOODBYE_SECONDS),
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), name="jusante-endpoint", daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.005)
    host, port = listening.getsockname()[:2]
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        server.should_exit = True
        thread.join(2 * LONGEST_GOODBYE_SECONDS)
        listening.close()


def application(answers: Answers) -> "Starlette":
    """The routes."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    async def health(request: "Request") -> "Response":
        del request
        found = await _asked(answers.health)
        return _json(found, 200 if found.get("ready") else 503)

    async def live(request: "Request") -> "Response":
        del request
        is_live = answers.live()
        return _json({"live": is_live}, 200 if is_live else 503)

    async def metrics(request: "Request") -> "Response":
        from starlette.responses import Response

        del request
        try:
            text = await asyncio.wait_for(asyncio.to_thread(answers.metrics), LONGEST_ANSWER_SECONDS)
        except (StorageError, TimeoutError):
            return _json({"what": "the ledger does not answer"}, 503)
        return Response(text, headers={"content-type": CONTENT_TYPE})

    async def hook(request: "Request") -> "Response":
        answer = await _called(answers.hooks, request)
        headers = {"retry-after": str(answer.again_after)} if answer.again_after else {}
        return _json({"what": answer.what}, answer.status, headers)

    routes: dict[str, tuple[Callable[[Request], Awaitable[Response]], str]] = {
        "/health": (health, "GET"),
        "/health/live": (live, "GET"),
        "/metrics": (metrics, "GET"),
        "/hooks/{name}": (hook, "POST"),
    }
    return Starlette(
        routes=[Route(path, does, methods=[method]) for path, (does, method) in routes.items()],
        exception_handlers={Exception: _broken},
    )


async def _asked(question: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What is known; that the ledger is silent, where it takes too long to say."""
    try:
        return await asyncio.wait_for(asyncio.to_thread(question), LONGEST_ANSWER_SECONDS)
    except TimeoutError:
        return {"status": "degraded", "live": True, "ready": False, "wrong": ["the ledger does not answer"]}


async def _called(hooks: Hooks, request: "Request") -> Answer:
    try:
        body = await asyncio.wait_for(_body(request), LONGEST_READ_SECONDS)
    except TimeoutError:
        return Answer(408, "the call did not come to an end")
    if body is None:
        return Answer(413, f"a call has {LONGEST_BODY_BYTES:,} bytes at the most")
    taken = hooks.call(request.path_params["name"], dict(request.headers), body)
    if isinstance(taken, Answer):
        return taken
    waiting = asyncio.wrap_future(taken)
    await asyncio.wait([waiting])
    return answered(waiting.exception())


async def _body(request: "Request") -> bytes | None:
    """All that was sent; None where it is more than is read."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LONGEST_BODY_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def _json(document: dict[str, Any], status: int, headers: dict[str, str] | None = None) -> "Response":
    from starlette.responses import Response

    text = json.dumps(document, default=str, ensure_ascii=False)
    return Response(text, status, {"content-type": "application/json", "cache-control": "no-store", **(headers or {})})


async def _broken(request: "Request", error: Exception) -> "Response":
    """No word of an error leaves the house: its kind is enough to look for it in the log."""
    del request
    return _json({"what": f"this could not be answered ({type(error).__name__})"}, 500)


def _listening(address: str | None) -> socket.socket:
    if address is None:
        try:
            return _bound(DEFAULT_HOST, DEFAULT_PORT)
        except OSError:
            return _bound(DEFAULT_HOST, 0)
    host, _, port = address.rpartition(":")
    if not (port.isdigit() and int(port) < 65_536):
        raise UsageError(f"{address} is no address", where="--listen", fix="write host:port, as 127.0.0.1:8321")
    try:
        return _bound(host.strip("[]") or DEFAULT_HOST, int(port))
    except OSError as error:
        fix = f"choose another: --listen {DEFAULT_HOST}:0 takes any that is free"
        raise UsageError(f"{address} cannot be used: {error.strerror}", where="--listen", fix=fix) from None


def _bound(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(found[0], found[1])
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(found[4])
    except OSError:
        listening.close()
        raise
    return listening
