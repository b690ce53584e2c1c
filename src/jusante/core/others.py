"""What `jusante up` hears from and tells to, beside its sources: callers, a broker, other projects, a collector of traces."""

import base64
import binascii
from typing import Any, Literal

from pydantic import Field, model_validator

from jusante.core.noun import Noun
from jusante.core.secret import Secret

LogFormat = Literal["text", "json"]


def signing_key(secret: Secret) -> bytes:
    """The bytes that calls are signed with: `whsec_` and base64, or base64 alone; none where it is neither."""
    try:
        return base64.b64decode(secret.reveal().removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return b""


class Hook(Noun):
    """Who may call `POST /hooks/NAME`: whoever signs as Standard Webhooks says, or knows a token."""

    secret: Any = Field(
        None, description="Calls are signed with it as Standard Webhooks says (`whsec_…`); by reference: `${env:NAME}`."
    )
    token: Any = Field(None, description="Calls bear it: `Authorization: Bearer …`; by reference: `${env:NAME}`.")
    per_minute: int = Field(
        600, ge=1, le=60_000, description="How many calls a minute are taken; more are told to wait."
    )

    @model_validator(mode="after")
    def _one_way(self) -> "Hook":
        if (self.secret is None) == (self.token is None):
            raise ValueError("a hook knows its callers in one way; write one of secret and token")
        if not isinstance(self.secret or self.token, Secret):
            raise ValueError("what a hook knows its callers by is written out; write it as ${env:NAME}, and set NAME")
        return self


class Broker(Noun):
    """The NATS server whose streams `when: {message: …}` speaks of."""

    url: Any = Field(
        description="Its address, `nats://host:4222`; by reference where a password is in it: `${env:NATS_URL}`."
    )
    token: Any = Field(None, description="What it knows us by; by reference: `${env:NAME}`.")
    credentials: str | None = Field(None, description="A file of credentials (`.creds`), relative to the project.")

    @model_validator(mode="after")
    def _by_reference(self) -> "Broker":
        if self.token is not None and not isinstance(self.token, Secret):
            raise ValueError("the token of the broker is written out; write it as ${env:NAME} and set NAME")
        return self


class OtherProject(Noun):
    """Another project, whose assets `when: {asset: NAME:table}` speaks of: by its folder, or by its ledger."""

    folder: str | None = Field(None, description="Its folder, relative to this one.")
    environment: str | None = Field(None, description="Which of its environments; dev by default.")
    metadata: Any = Field(
        None, description="Its ledger, where its folder is not on this machine: `${env:OTHER_METADATA}`."
    )

    @model_validator(mode="after")
    def _one_place(self) -> "OtherProject":
        if (self.folder is None) == (self.metadata is None):
            raise ValueError("another project is in one place; write one of folder and metadata")
        return self


class OpenTelemetry(Noun):
    """Where runs leave traces, by OTLP over HTTP. What stands in OTEL_* variables goes for what is not told here."""

    endpoint: Any = Field(None, description="The collector: `http://localhost:4318`; `/v1/traces` is added.")
    headers: Any = Field(
        None, description="What is sent along, as OTEL_EXPORTER_OTLP_HEADERS has it: `${env:OTLP_HEADERS}`."
    )
    service: str | None = Field(None, description="The name of the service; `jusante` by default.")
