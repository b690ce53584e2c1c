"""Handing a body to a URL, as all notifiers over HTTP do: what fails in passing is tried again, what is refused is not."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from jusante.core.secret import Secret
from jusante.errors import SourceUnavailable, UsageError

if TYPE_CHECKING:
    import httpx

ATTEMPTS = 3
FIRST_WAIT_SECONDS = 0.5
TIMEOUT_SECONDS = 5.0
_PASSING = frozenset({408, 425, 429})


class Post:
    """Posts to one URL over one connection. A receiver that answers 2xx has what was posted."""

    def __init__(self, url: Secret, sleep: Callable[[float], None] = time.sleep) -> None:
        self._url = url
        self._sleep = sleep
        self._opened: httpx.Client | None = None

    def send(self, made: Callable[[], tuple[bytes, Mapping[str, str]]]) -> None:
        """Post what is made anew for each try: the body, and headers. Three tries in all; then SourceUnavailable.

        Raises UsageError where the receiver refuses it, or where the URL is none.
        """
        import httpx

        if self._opened is None:
            self._opened = httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        what = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
            body, headers = made()
            try:
                answer = self._opened.post(
                    self._url.reveal(), content=body, headers={"content-type": "application/json", **headers}
                )
            except httpx.HTTPError as error:
                what = f"the receiver of notices cannot be reached ({type(error).__name__})"
                continue
            except httpx.InvalidURL:
                raise UsageError("the url of a webhook is none", where="notify", fix="write https://…") from None
            if answer.is_success:
                return
            what = f"the receiver of notices answered {answer.status_code}"
            if answer.status_code < 500 and answer.status_code not in _PASSING:
                raise UsageError(what, where="notify", fix="see what the receiver expects: its url, its secret")
        raise SourceUnavailable(what, where="notify", fix="notices are kept, and sent with the next run")

    def close(self) -> None:
        """Let go of the connection."""
        if self._opened:
            self._opened.close()
            self._opened = None
