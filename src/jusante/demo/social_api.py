"""The social network's API: a real HTTP server on this machine, with a token, pages, a rate limit, and bad moments."""

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa

PAGE = 1_000
FAILS_EACH = 13
REQUESTS_PER_SECOND = 60


class SocialApi(ThreadingHTTPServer):
    """Serves posts, `GET /posts?since=&cursor=`. Every thirteenth request fails with 500; more than 60 a second get 429."""

    daemon_threads = True

    def __init__(self, posts: pa.Table, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.token = token
        self.posts = sorted(posts.to_pylist(), key=lambda post: (post["updated_at"], post["id"]))
        self.requests = 0
        self._recent: list[float] = []
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def admit(self) -> int:
        """The status that the next request is to get: 200, 429 or 500."""
        with self._lock:
            now = time.monotonic()
            self._recent = [at for at in self._recent if now - at < 1.0]
            if len(self._recent) >= REQUESTS_PER_SECOND:
                return 429
            self._recent.append(now)
            self.requests += 1
            return 500 if self.requests % FAILS_EACH == 0 else 200


class _Handler(BaseHTTPRequestHandler):
    server: SocialApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if self.headers.get("authorization") != f"Bearer {self.server.token}":
            return self._answer(401, {"error": "who are you?"})
        if url.path != "/posts":
            return self._answer(404, {"error": "there are only /posts"})
        status = self.server.admit()
        if status != 200:
            return self._answer(status, {"error": "not now"})
        return self._answer(200, self._page({name: values[0] for name, values in parse_qs(url.query).items()}))

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        posts = self.server.posts
        if "since" in query:
            since = dt.datetime.fromisoformat(query["since"])
            posts = [post for post in posts if post["updated_at"] >= since]
        start = int(query.get("cursor", 0))
        shown = posts[start : start + PAGE]
        more = start + PAGE < len(posts)
        return {"data": [_post(post) for post in shown], "next": str(start + PAGE) if more else None}

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        if status == 429:
            self.send_header("retry-after", "1")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name in the standard library
        """Say nothing."""


def _post(post: dict[str, Any]) -> dict[str, Any]:
    times = {name: post[name].isoformat().replace("+00:00", "Z") for name in ("posted_at", "updated_at")}
    return {**post, **times, "author": {"handle": post["author"], "verified": post["likes"] > 8}}


@contextmanager
def serving(posts: pa.Table, token: str) -> Iterator[SocialApi]:
    """The API, running in a thread until the end of the block."""
    api = SocialApi(posts, token)
    thread = threading.Thread(target=api.serve_forever, name="social-api", daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.shutdown()
        api.server_close()
        thread.join(5)
