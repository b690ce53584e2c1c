"""Asking an API kindly: never faster than allowed, again after a pause when it failed in passing, and not for ever."""

import datetime as dt
import decimal
import email.utils
import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from jusante.core.secret import Secret
from jusante.core.source import Limits
from jusante.errors import SourceDenied, SourceError, SourceUnavailable
from jusante.sources.http_api import Auth, HttpSourceOptions

LONGEST_PAUSE_SECONDS = 60.0
MOST_BYTES = 256 * 1024 * 1024
MOST_REDIRECTS = 10
_PASSING = {408, 425, 429, 500, 502, 503, 504}


class Asker:
    """Sends GET requests to one API. `sleep` and `clock` are those of `time`, but for tests."""

    def __init__(
        self,
        address: str,
        options: HttpSourceOptions,
        limits: Limits,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options = options
        self._limits = limits
        self._sleep = sleep
        self._clock = clock
        self._origin = urlsplit(address)[:2]
        self._next_at = 0.0
        self.sent = 0
        """How many requests were sent, failed ones included."""
        self._token: str | None = None
        self._client = httpx.Client(timeout=limits.timeout_seconds, follow_redirects=False)
        self._secrets = tuple(_secrets(options))

    def get(self, url: str, params: Mapping[str, Any], where: str) -> tuple[Any, httpx.Headers]:
        """The body as Python values, decimals kept exact, and the headers. Raises SourceError kinds."""
        for attempt in range(1, self._limits.attempts + 1):
            try:
                return self._once(url, params, where)
            except SourceUnavailable as error:
                if attempt == self._limits.attempts:
                    error.tried = attempt
                    raise
                backoff = 2.0 ** (attempt - 1) * (0.5 + random.random() / 2)  # noqa: S311  # jitter is no secret
                self._sleep(
                    min(
                        error.retry_after_seconds if error.retry_after_seconds is not None else backoff,
                        LONGEST_PAUSE_SECONDS,
                    )
                )
        raise AssertionError("the last attempt returns or raises")

    def _once(self, url: str, params: Mapping[str, Any], where: str) -> tuple[Any, httpx.Headers]:
        shown = f"GET {urlsplit(url).path}"
        for _ in range(MOST_REDIRECTS):
            response, body = self._answer(url, params, shown, where)
            if not response.is_redirect:
                break
            url, params = self._target(url, response, shown, where), {}
        else:
            raise SourceError(f"{shown} leads on and on", where=where, fix="see path")
        if response.status_code == 401 and self._token:
            self._token = None
            raise _unavailable(f"{shown}: the token ran out", where)
        self._judge(response, body, shown, where)
        try:
            return json.loads(body, parse_float=decimal.Decimal), response.headers
        except (ValueError, RecursionError):
            raise _unavailable(f"{shown}: the answer is not whole JSON ({len(body):,} bytes)", where) from None

    def _answer(self, url: str, params: Mapping[str, Any], shown: str, where: str) -> tuple[httpx.Response, bytes]:
        """One answer, read to its end."""
        if urlsplit(url)[:2] != self._origin:
            host = urlsplit(url).netloc
            raise SourceError(
                f"the API leads to another host, {host}", where=where, fix="make that a source of its own"
            )
        self._wait_for_turn()
        headers = self._headers()
        self.sent += 1
        try:
            with self._client.stream("GET", self._url(url, params), headers=headers) as response:
                return response, self._read(response, where)
        except httpx.InvalidURL as error:
            raise SourceError(f"{shown}: {self._scrubbed(str(error))}", where=where, fix="see connection") from None
        except httpx.HTTPError as error:
            raise _unavailable(f"{shown}: {self._scrubbed(str(error) or type(error).__name__)}", where) from None

    def _target(self, url: str, response: httpx.Response, shown: str, where: str) -> str:
        """Where a redirect leads."""
        location = response.headers.get("location", "")
        try:
            return str(httpx.URL(url).join(location))
        except (httpx.InvalidURL, ValueError):
            fix = "see path, and what the API sends"
            raise SourceError(f"{shown} leads to what is no link: {location!r}", where=where, fix=fix) from None

    def _read(self, response: httpx.Response, where: str) -> bytes:
        parts, size = [], 0
        for part in response.iter_bytes():
            size += len(part)
            if size > MOST_BYTES:
                raise SourceError(
                    f"one answer has more than {MOST_BYTES:,} bytes",
                    where=where,
                    fix="ask for smaller pages: paging.size",
                )
            parts.append(part)
        return b"".join(parts)

    def _judge(self, response: httpx.Response, body: bytes, shown: str, where: str) -> None:
        status = response.status_code
        if response.is_success:
            return
        said = self._scrubbed(body[:200].decode("utf-8", "replace"))
        if status in _PASSING:
            error = _unavailable(f"{shown}: status {status}", where)
            error.retry_after_seconds = retry_after(response.headers.get("retry-after"), dt.datetime.now(dt.UTC))
            raise error
        if status in {401, 403}:
            raise SourceDenied(f"{shown}: status {status}: {said}", where=where, fix="see the source's auth")
        raise SourceError(f"{shown}: status {status}: {said}", where=where, fix="see path and params")

    def _wait_for_turn(self) -> None:
        rate = self._limits.requests_per_second
        if rate:
            now = self._clock()
            if now < self._next_at:
                self._sleep(self._next_at - now)
            self._next_at = max(now, self._next_at) + 1 / rate

    # -- identity ----------------------------------------------------------------------------------------------------

    def _headers(self) -> dict[str, str]:
        headers = {"accept": "application/json"} | {
            name: reveal(value) for name, value in self._options.headers.items()
        }
        auth = self._options.auth
        if auth is None:
            return headers
        if auth.bearer is not None:
            headers["authorization"] = f"Bearer {reveal(auth.bearer)}"
        elif auth.basic:
            request = httpx.Request("GET", "http://x")
            flow = httpx.BasicAuth(reveal(auth.basic.user), reveal(auth.basic.password)).auth_flow(request)
            headers["authorization"] = next(flow).headers["authorization"]
        elif auth.key and auth.key.into == "header":
            headers[auth.key.name] = reveal(auth.key.value)
        elif auth.oauth2:
            headers["authorization"] = f"Bearer {self._oauth_token(auth)}"
        return headers

    def _url(self, url: str, params: Mapping[str, Any]) -> httpx.URL:
        """The address with the shared parameters and these. The query of a next link stays, but for what we name."""
        shared = {name: reveal(value) for name, value in self._options.params.items()}
        auth = self._options.auth
        if auth and auth.key and auth.key.into == "query":
            shared[auth.key.name] = reveal(auth.key.value)
        return httpx.URL(url).copy_merge_params(shared | {name: reveal(value) for name, value in params.items()})

    def _oauth_token(self, auth: Auth) -> str:
        if self._token is None:
            wanted = auth.oauth2
            assert wanted
            data = {"grant_type": "client_credentials", **({"scope": wanted.scope} if wanted.scope else {})}
            try:
                self.sent += 1
                client = (reveal(wanted.client_id), reveal(wanted.client_secret))
                answer = self._client.post(wanted.token_url, data=data, auth=client)
                answer.raise_for_status()
                self._token = str(answer.json()["access_token"])
            except httpx.HTTPStatusError as error:
                status = error.response.status_code
                what = f"no token was given: status {status}"
                if status in _PASSING:
                    raise _unavailable(what, wanted.token_url) from None
                raise SourceDenied(what, where=wanted.token_url, fix="see the source's auth") from None
            except httpx.HTTPError as error:
                raise _unavailable(f"no token was given: {self._scrubbed(str(error))}", wanted.token_url) from None
            except (ValueError, KeyError, TypeError):  # told without the answer: whatever it is may be a secret
                what = "no token was given: the answer has no access_token"
                raise SourceDenied(what, where=wanted.token_url, fix="see token_url") from None
        return self._token

    def _scrubbed(self, text: str) -> str:
        for secret in (*self._secrets, Secret(self._token or "")):
            text = secret.scrub(text)
        return text

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def _unavailable(what: str, where: str) -> SourceUnavailable:
    return SourceUnavailable(what, where=where, fix="run again later; see limits.attempts and limits.timeout_seconds")


def reveal(value: Any) -> Any:
    """A secret's value, anything else as it is."""
    return value.reveal() if isinstance(value, Secret) else value


def _secrets(noun: Any) -> list[Secret]:
    if isinstance(noun, Secret):
        return [noun]
    if isinstance(noun, dict):
        return [secret for value in noun.values() for secret in _secrets(value)]
    fields = type(noun).model_fields if hasattr(type(noun), "model_fields") else ()
    return [secret for name in fields for secret in _secrets(getattr(noun, name))]


def retry_after(header: str | None, now: dt.datetime) -> float | None:
    """The seconds that a Retry-After header asks for (RFC 9110, 10.2.3): a number, or a date."""
    if not header:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        at = email.utils.parsedate_to_datetime(header)
        at = at if at.tzinfo else at.replace(tzinfo=dt.UTC)  # -0000: in UTC, of no known zone (RFC 5322, 3.3)
        return max(0.0, (at - now).total_seconds())
    except ValueError:
        return None
