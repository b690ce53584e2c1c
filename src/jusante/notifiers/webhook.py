"""Notices to a URL, signed as Standard Webhooks says (standardwebhooks.com, 1.0.0)."""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from functools import partial

from jusante.core.secret import Secret
from jusante.errors import UsageError
from jusante.notifiers.posting import Post
from jusante.ports.notifier import Notice

_PREFIX = "whsec_"


class WebhookNotifier:
    """Posts each notice as one event; a receiver that answers 2xx has it. Its `webhook-id` is the notice's key.

    A receiver that fails in passing is tried three times in all; then SourceUnavailable is raised.
    """

    def __init__(
        self,
        url: Secret,
        secret: Secret | None,
        clock: Callable[[], dt.datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._secret = secret
        self._clock = clock
        self._post = Post(url, sleep)

    def tell(self, notices: tuple[Notice, ...]) -> None:
        """Post them one after the other."""
        for notice in notices:
            self._post.send(partial(self._made, notice))

    def close(self) -> None:
        """Let go of the connection."""
        self._post.close()

    def _made(self, notice: Notice) -> tuple[bytes, dict[str, str]]:
        now = self._clock()
        body = payload(notice, now)
        return body, signed(notice.key, now, body, self._secret)


def payload(notice: Notice, now: dt.datetime) -> bytes:
    """The event as JSON: its type, when, and what; of an incident also what a program needs to know of it."""
    data: dict[str, object] = {"to": notice.to, "subject": notice.subject, "text": notice.text}
    data |= {"incident": dict(notice.about)} if notice.about else {}
    return json.dumps({"type": notice.kind, "timestamp": now.isoformat(), "data": data}, ensure_ascii=False).encode()


def signed(key: str, now: dt.datetime, body: bytes, secret: Secret | None) -> dict[str, str]:
    """The headers of the standard; without a secret there is no signature. Raises UsageError for a secret that is none."""
    stamp = str(int(now.timestamp()))
    headers = {"webhook-id": key, "webhook-timestamp": stamp}
    if secret is None:
        return headers
    try:
        bare = base64.b64decode(secret.reveal().removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise UsageError(
            "the secret of a webhook is not base64", where="notify", fix="write it as whsec_… in base64"
        ) from None
    digest = hmac.new(bare, f"{key}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return headers | {"webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}
