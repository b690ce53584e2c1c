"""NATS JetStream: the number of the last message on a subject. Nothing is consumed, so nobody else misses a message."""

import asyncio
from pathlib import Path
from typing import Any

from jusante.core.others import Broker
from jusante.core.secret import Secret
from jusante.errors import ExtraMissing, SourceDenied, SourceUnavailable

TIMEOUT_SECONDS = 3.0


def last_message(broker: Broker, subject: str, folder: Path) -> str:
    """Which message on the subject is the last one that its stream has taken; empty where there never was one.

    The text is another after each message: it holds the stream, when that was made, and the message's number, and a
    stream numbers what it takes also when it forgets it. Raises SourceUnavailable where the broker, or a stream of the
    subject, is not there.
    """
    try:
        import nats.errors
        import nats.js.errors
    except ModuleNotFoundError:
        raise ExtraMissing("the client of NATS is not installed", fix='pip install "jusante[nats]"') from None
    where = f"the broker, subject {subject}"
    try:
        return asyncio.run(asyncio.wait_for(_asked(broker, subject, folder), 3 * TIMEOUT_SECONDS))
    except nats.js.errors.NotFoundError:
        fix = f"nats stream add, with the subject {subject}"
        raise SourceUnavailable("no stream of the broker keeps this subject", where=where, fix=fix) from None
    except (nats.errors.Error, OSError, TimeoutError) as error:
        if "authorization" in str(error).lower():  # the client has no class of its own for it while it connects
            raise SourceDenied("the broker does not let us in", where=where, fix="see token and credentials") from None
        what = f"the broker cannot be reached ({type(error).__name__})"
        raise SourceUnavailable(what, where=where, fix="see that it runs, and its url under `broker`") from None


async def _asked(broker: Broker, subject: str, folder: Path) -> str:
    from nats.aio.client import Client
    from nats.js.errors import NotFoundError

    client = Client()
    try:
        await client.connect(_plain(broker.url), **_options(broker, folder))
        stream_of = client.jetstream(timeout=TIMEOUT_SECONDS)
        name = await stream_of.find_stream_name_by_subject(subject)
        info = await stream_of.stream_info(name)
        made = getattr(info, "created", "")
        try:
            number = (await stream_of.get_last_msg(name, subject)).seq
        except NotFoundError:
            # Taken and forgotten again, or never there: of a stream of this subject alone its own count tells.
            number = info.state.last_seq if info.config.subjects == [subject] else 0
        return f"{name} {made} {number}" if number else ""
    finally:
        await client.close()  # also where it was not let in: the socket is open then
        await asyncio.sleep(0)


def _options(broker: Broker, folder: Path) -> dict[str, Any]:
    options: dict[str, Any] = {
        "connect_timeout": TIMEOUT_SECONDS,
        "allow_reconnect": False,
        "max_reconnect_attempts": 1,  # none would mean without end
        "reconnect_time_wait": 0.1,
        "error_cb": _unheard,
    }
    if broker.token is not None:
        options["token"] = _plain(broker.token)
    if broker.credentials:
        options["user_credentials"] = str(folder / broker.credentials)
    return options


async def _unheard(error: Exception) -> None:
    """What goes wrong is raised by the call that it goes wrong in."""
    del error


def _plain(value: Any) -> str:
    return value.reveal() if isinstance(value, Secret) else str(value)
