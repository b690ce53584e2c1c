"""What web APIs send that is easily got wrong: odd values, circles, broken links, tokens, and texts that hold secrets."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from answers import Answers, Client, answering
from pydantic import ValidationError

from jusante.core.schema import Column, Schema
from jusante.core.secret import Secret
from jusante.errors import SourceDenied, SourceError, SourceUnavailable
from jusante.ports.connector import requests_of
from jusante.sources.http_api import HttpTableOptions
from jusante.sources.http_api.requests import retry_after


@pytest.fixture
def server() -> Iterator[Answers]:
    with answering() as made:
        yield made


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, 2.5], pa.float64(), [1.0, 2.5]),
        ([1, "x"], pa.string(), ["1", "x"]),
        (["\0" + "1.5", "\0x", "\0"], pa.string(), ["\0" + "1.5", "\0x", "\0"]),
        ([["\0x"], []], pa.list_(pa.string()), [["\0x"], []]),
        (["x", [1.5, None]], pa.string(), ["x", "[1.5, null]"]),
        ([1, [2]], pa.string(), ["1", "[2]"]),
        ([[1, 2.5]], pa.list_(pa.float64()), [[1.0, 2.5]]),
        ([[1], [2.5]], pa.list_(pa.float64()), [[1.0], [2.5]]),
        ([[], [1]], pa.list_(pa.int64()), [[], [1]]),
        ([[None], [1]], pa.list_(pa.int64()), [[None], [1]]),
        ([[1], []], pa.list_(pa.int64()), [[1], []]),
        ([[], []], pa.list_(pa.string()), [[], []]),
        ([[1], "x"], pa.string(), ["[1]", "x"]),
        ([[], 5], pa.string(), ["[]", "5"]),
        ([[[1.5]], []], pa.string(), ["[[1.5]]", "[]"]),
        ([[1, "a"]], pa.list_(pa.string()), [["1", "a"]]),
        ([2**63, 1], pa.string(), ["9223372036854775808", "1"]),
        ([True, 1], pa.string(), ["true", "1"]),
        ([{"a": 1.5}, None], pa.string(), ['{"a": 1.5}', None]),
        ([None, None], pa.string(), [None, None]),
    ],
)
def test_a_type_holds_all_values_as_they_were_sent(
    values: list[Any], kind: pa.DataType, expected: list[Any], server: Answers
) -> None:
    server.tell("/rows", [{"v": value} for value in values])
    found = Client(server).read("v")
    assert found.schema.field("v").type == kind
    assert found.column("v").to_pylist() == expected


def test_types_are_found_over_pages(server: Answers) -> None:
    server.tell("/rows", [{"v": []}])
    server.tell("/rows", [{"v": [1]}])
    server.tell("/rows", [])
    assert Client(server, paging={"page": "page"}).values() == [[], [1]]


def test_a_column_that_is_null_on_the_first_page_is_still_there_if_it_was(server: Answers) -> None:
    server.tell("/rows", [{"id": 1, "gone_at": None, "tags": []}])
    known = Schema((Column("id", "long"), Column("gone_at", "timestamptz"), Column("tags", "list<long>")))
    assert Client(server).schema(known) == {"id": "long", "gone_at": "timestamptz", "tags": "list<long>"}
    assert Client(server).schema() == {"id": "long", "tags": "list<string>"}


def test_redirects_in_a_circle_come_to_an_end(server: Answers) -> None:
    server.tell("/rows", b"", 302, location="/other")
    server.tell("/other", b"", 302, location="/rows")
    with pytest.raises(SourceError, match="leads on and on"):
        Client(server).values()
    assert len(server.asked) < 50


def test_a_redirect_within_the_api_is_followed(server: Answers) -> None:
    server.tell("/rows", b"", 308, location="/v2/rows?x=1")
    server.tell("/v2/rows", [{"v": 1}])
    assert Client(server).values() == [1]
    assert server.asked == ["/rows", "/v2/rows?x=1"]


@pytest.mark.parametrize("link", ["http://[broken", "http://127.0.0.1:port/x", "\0", "//"])
def test_a_broken_link_is_told_as_such(link: str, server: Answers) -> None:
    server.tell("/rows", {"data": [{"v": 1}], "next": link})
    with pytest.raises(SourceError) as caught:
        Client(server, records="$.data", paging={"next": "$.next"}).values()
    assert "table t" in caught.value.where


def test_a_redirect_to_a_broken_link_is_told_as_such(server: Answers) -> None:
    server.tell("/rows", b"", 302, location="http://[broken")
    with pytest.raises(SourceError) as caught:
        Client(server).values()
    assert "table t" in caught.value.where


def test_an_api_that_repeats_its_last_page_is_no_endless_table(server: Answers) -> None:
    server.tell("/rows", [{"v": 1}])
    server.tell("/rows", [{"v": 2}])
    with pytest.raises(SourceError, match="the same page twice"):
        Client(server, paging={"page": "page"}).values()


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"data": [', b"", b"<html>"])
def test_what_is_no_whole_json_is_tried_again_and_told(body: bytes, server: Answers) -> None:
    server.tell("/rows", body)
    client = Client(server, attempts=2)
    with pytest.raises(SourceUnavailable, match="not whole JSON"):
        client.values()
    assert len(client.slept) == 1


@pytest.mark.parametrize("option", [
    {"records": "data"},
    {"records": "$.a["},
    {"paging": {"cursor": "next", "parameter": "c"}},
    {"paging": {"next": "$..x"}},
])  # fmt: skip
def test_paths_that_cannot_be_understood_are_refused_with_the_project(option: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"begin with|understood"):
        HttpTableOptions.model_validate({"path": "/rows", **option})


def oauth2(server: Answers) -> Any:
    return {"oauth2": {"token_url": f"{server.url}/token", "client_id": "me", "client_secret": Secret("geheim")}}


def test_a_token_server_that_is_down_is_tried_again(server: Answers) -> None:
    server.tell("/token", {}, 503)
    server.tell("/token", {"access_token": "t0ken"})
    server.tell("/rows", [{"v": 1}])
    client = Client(server, oauth2(server), attempts=2)
    assert client.values() == [1]
    assert len(client.slept) == 1


def test_a_token_server_that_refuses_is_not(server: Answers) -> None:
    server.tell("/token", {"error": "invalid_client geheim"}, 401)
    with pytest.raises(SourceDenied, match="no token was given: status 401") as caught:
        Client(server, oauth2(server), attempts=3).values()
    assert "geheim" not in str(caught.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize("answer", [["t0ken"], {"token": "t0ken"}, "t0ken", b"t0ken"])
def test_an_answer_without_a_token_is_told(answer: Any, server: Answers) -> None:
    server.tell("/token", answer)
    with pytest.raises(SourceError, match="no token was given") as caught:
        Client(server, oauth2(server)).values()
    assert "t0ken" not in str(caught.value)


def test_a_token_is_in_no_message(server: Answers) -> None:
    server.tell("/token", {"access_token": "t0ken"})
    server.tell("/rows", b"the token t0ken may not do this", 403)
    with pytest.raises(SourceDenied, match="may not do this") as caught:
        Client(server, oauth2(server)).values()
    assert "t0ken" not in json.dumps(caught.value.as_dict())


def test_the_time_to_wait_may_be_written_without_a_zone() -> None:
    now = dt.datetime(2026, 11, 24, 12, 0, 0, tzinfo=dt.UTC)
    assert retry_after("Tue, 24 Nov 2026 12:01:00 -0000", now) == 60
    assert retry_after("²", now) is None


def test_every_request_is_counted_those_that_failed_included(server: Answers) -> None:
    server.tell("/rows", [{"v": 1}], 503)
    server.tell("/rows", [{"v": 1}])
    server.tell("/rows", [{"v": 2}])
    server.tell("/rows", [])
    client = Client(server, attempts=2, paging={"page": "page"})
    assert requests_of(client.connector) == 0
    assert client.values() == [1, 2]
    assert requests_of(client.connector) == 4
