"""From page to page, until there is no next one."""

from collections.abc import Iterator
from typing import Any

import httpx

from jusante.errors import SourceError
from jusante.sources.http_api import HttpTableOptions
from jusante.sources.http_api.json_path import look
from jusante.sources.http_api.requests import Asker

MOST_PAGES = 100_000


def pages(  # noqa: C901  # one loop over four ways of paging
    asker: Asker, address: str, table: HttpTableOptions, extra: dict[str, Any], where: str
) -> Iterator[list[Any]]:
    """The records of each page. Raises SourceError where the API leads in a circle or sends no list of records."""
    url = httpx.URL(address.rstrip("/") + "/" + table.path.lstrip("/"))
    params: dict[str, Any] = {**table.params, **extra}
    paging, seen, got = table.paging, set(), 0
    last: list[Any] = []
    if paging and paging.size and paging.size_parameter:
        params[paging.size_parameter] = paging.size
    for number in range(MOST_PAGES):
        if paging and paging.page:
            params[paging.page] = paging.start + number
        if paging and paging.offset:
            params[paging.offset] = got
        body, headers = asker.get(str(url), params, f"{where}, page {number + 1}")
        records = _records(body, table.records, where)
        got += len(records)
        yield records
        if paging is None:
            return
        if paging.page or paging.offset:
            if not records or (paging.size and len(records) < paging.size):
                return
            if records == last:
                what = "the API sends the same page twice, whichever is asked for"
                raise SourceError(
                    what, where=f"{where}, page {number + 1}", fix="see paging: its parameter or its start"
                )
            last = records
            continue
        onward = _onward(paging, body, headers)
        if not onward:
            return
        if onward in seen:
            raise SourceError(f"the API leads in a circle: {onward!r} came twice", where=where, fix="see paging")
        seen.add(onward)
        if paging.cursor:
            assert paging.parameter
            params[paging.parameter] = onward
        else:
            url, params = _joined(url, onward, where), {}
    raise SourceError(f"there are more than {MOST_PAGES:,} pages", where=where, fix="ask for larger pages: paging.size")


def _joined(url: httpx.URL, link: str, where: str) -> httpx.URL:
    try:
        return url.join(link)
    except (httpx.InvalidURL, ValueError):
        raise SourceError(f"the next link is none: {link!r}", where=where, fix="see what the API sends") from None


def _records(body: Any, path: str, where: str) -> list[Any]:
    found = look(body, path)
    if found is None:
        raise SourceError(
            f"there is nothing at {path} in the answer", where=where, fix="see what the API sends, and `records`"
        )
    if isinstance(found, dict):
        return [found]
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise SourceError(f"what stands at {path} is no list of records", where=where, fix="see `records`")
    return found


def _onward(paging: Any, body: Any, headers: httpx.Headers) -> str | None:
    if paging.link_header:
        links = httpx.Response(200, headers=headers).links
        return links.get("next", {}).get("url")
    found = look(body, paging.cursor or paging.next)
    return str(found) if found not in (None, "", False) else None
