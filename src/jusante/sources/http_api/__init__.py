"""Web APIs in JSON as a source."""

from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from jusante.core.noun import Noun
from jusante.core.secret import Secret
from jusante.core.source import Source
from jusante.ports.connector import Connector, ConnectorKind
from jusante.ports.engine import Engine
from jusante.sources.http_api.json_path import steps


class _Secretive(Noun):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, arbitrary_types_allowed=True)


class Basic(_Secretive):
    """A user and a password, as RFC 7617 has it."""

    user: str | Secret
    password: str | Secret


class Key(_Secretive):
    """A key in a header or in the query."""

    name: str
    value: str | Secret
    into: Literal["header", "query"] = Field("header", alias="in")


class OAuth2(_Secretive):
    """Client credentials (RFC 6749, section 4.4)."""

    token_url: str
    client_id: str | Secret
    client_secret: str | Secret
    scope: str | None = None


class Auth(_Secretive):
    """How the API knows us: one of these."""

    bearer: str | Secret | None = None
    basic: Basic | None = None
    key: Key | None = None
    oauth2: OAuth2 | None = None

    @model_validator(mode="after")
    def _one(self) -> "Auth":
        if sum(value is not None for value in (self.bearer, self.basic, self.key, self.oauth2)) != 1:
            raise ValueError("auth is one of bearer, basic, key, oauth2")
        return self


class Paging(Noun):
    """How one page leads to the next: by number, by offset, by a cursor in the body, by a link in it, or by a header."""

    page: str | None = Field(None, description="The parameter that takes the number of the page.")
    start: int = Field(1, description="The number of the first page.")
    offset: str | None = Field(None, description="The parameter that takes how many records to skip.")
    cursor: str | None = Field(None, description="Where in the body the next cursor is: `$.next`.")
    parameter: str | None = Field(None, description="The parameter that takes the cursor.")
    next: str | None = Field(None, description="Where in the body the next link is: `$.links.next`.")
    link_header: bool = Field(False, description="Whether the header Link (RFC 8288) names the next page.")
    size: int | None = Field(None, ge=1, description="How many records to ask for at once.")
    size_parameter: str | None = Field(None, description="The parameter that takes the size: `limit`.")

    @field_validator("cursor", "next")
    @classmethod
    def _understood(cls, value: str | None) -> str | None:
        return understood(value) if value else value

    @model_validator(mode="after")
    def _one(self) -> "Paging":
        ways = [self.page, self.offset, self.cursor, self.next, self.link_header or None]
        if sum(way is not None for way in ways) != 1:
            raise ValueError("paging is by one of page, offset, cursor, next, link_header")
        if self.cursor and not self.parameter:
            raise ValueError("paging by cursor needs parameter: the query parameter that takes it")
        if self.offset and not self.size:
            raise ValueError("paging by offset needs size: how many records a page has")
        return self


class HttpSourceOptions(_Secretive):
    """What all tables of an API share."""

    auth: Auth | None = None
    headers: dict[str, str | Secret] = Field(default_factory=dict)
    params: dict[str, str | Secret] = Field(default_factory=dict)


class HttpTableOptions(_Secretive):
    """One endpoint."""

    path: str = Field(description="Where it is, below the connection: `/posts`.")
    records: str = Field("$", description="Where in the body the records are: `$.data`.")
    params: dict[str, str | Secret] = Field(default_factory=dict)
    paging: Paging | None = None

    @field_validator("records")
    @classmethod
    def _understood(cls, value: str) -> str:
        return understood(value)


def understood(path: str) -> str:
    """A JSONPath as it was given. Raises ValueError for what is none."""
    steps(path)
    return path


def _open(source: Source, folder: Path, engine: Engine) -> Connector:
    from jusante.sources.http_api.connector import HttpConnector

    del folder, engine
    return HttpConnector(source)


http = ConnectorKind(source_options=HttpSourceOptions, table_options=HttpTableOptions, open=_open)
