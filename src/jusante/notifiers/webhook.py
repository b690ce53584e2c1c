"""Notices to a URL, signed as Standard Webhooks says (standardwebhooks.com, 1.0.0)."""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from jusante.core.secret import Secret
from jusante.errors import SourceUnavailable, UsageError
from jusante.ports.notifier import Notice

if TYPE_CHECKING:
    import httpx

ATTEMPTS = 3
FIRST_WAIT_SECONDS = 0.5
TIMEOUT_SECONDS = 5.0
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
        self._url = url
        self._secret = secret
        self._clock = clock
        self._sleep = sleep
        self._opened: httpx.Client | None = None

    def tell(self, notices: tuple[Notice, ...]) -> None:
        """Post them one after the other."""
        for notice in notices:
            self._post(notice)

    def close(self) -> None:
        """Let go of the connection."""
        if self._opened:
            self._opened.close()
            self._opened = None

    def _post(self, notice: Notice) -> None:
        import httpx

        if self._opened is None:
            self._opened = httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        what = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
            now = self._clock()
            body = payload(notice, now)
            headers = {"content-type": "application/json", **signed(notice.key, now, body, self._secret)}
            try:
                answer = self._opened.post(self._url.reveal(), content=body, headers=headers)
            except httpx.HTTPError as error:
                what = f"the receiver of notices cannot be reached ({type(error).__name__})"
                continue
            except httpx.InvalidURL:
                raise UsageError("the url of a webhook is none", where="notify", fix="write https://…") from None
            if answer.is_success:
                return
            what = f"the receiver of notices answered {answer.status_code}"
            if answer.status_code < 500 and answer.status_code not in {408, 425, 429}:
                raise UsageError(what, where="notify", fix="see what the receiver expects: its url, its secret")
        raise SourceUnavailable(what, where="notify", fix="notices are kept, and sent with the next run")


def payload(notice: Notice, now: dt.datetime) -> bytes:
    """The event as JSON: its type, when, and what."""
    data = {"to": notice.to, "subject": notice.subject, "text": notice.text}
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
