"""When an asset is made, and what is done where it is not: schedules, conditions, targets, retries."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from jusante.core import size
from jusante.core.noun import Noun

CatchUp = Literal["one", "all", "none"]


class Condition(Noun):
    """Something that has to be the case. One of the keys that are no `look` is given."""

    rows: int | None = Field(
        None,
        ge=1,
        description="So many rows at the source are after the cursor, or came to a model's inputs since it was made.",
    )
    bytes: str | int | None = Field(
        None,
        description="Rows of so many bytes, as the lakehouse stores them, are after the cursor, or came to a model's inputs since "
        "it was made: `500MB`, `1 GiB`.",
    )
    new: Literal[True] | None = Field(None, description="The source has something after the cursor.")
    file: str | None = Field(None, description="A file came or changed: a glob, relative to the project.")
    sql: str | None = Field(None, description="A query over the lakehouse gives true, and did not before.")
    webhook: str | None = Field(
        None, description="Somebody called `POST /hooks/NAME`; who may stands under `hooks` in jusante.yaml."
    )
    asset: str | None = Field(
        None,
        description="An asset of another project is new: `../other:marts.x`, or a name under `projects` in jusante.yaml.",
    )
    message: str | None = Field(
        None,
        description="A message came on a subject that a stream of the `broker` in jusante.yaml keeps: `shop.paid`.",
    )
    look: str = Field("1m", description="How often it is looked at: `30s`, `5m`. A webhook is heard at once.")

    @property
    def kind(self) -> str:
        """The key that says what has to be the case; empty where there is none."""
        given = [name for name in type(self).model_fields if name != "look" and getattr(self, name) is not None]
        return given[0] if len(given) == 1 else ""

    @property
    def least(self) -> int:
        """How many rows or bytes there have to be. Raises ValueError for what is no size."""
        if self.bytes is not None:
            return self.bytes if isinstance(self.bytes, int) else size.parse(self.bytes)
        return self.rows or 1

    def __str__(self) -> str:
        return f"{self.kind}: {getattr(self, self.kind)}".replace("True", "true") if self.kind else "?"


class Retries(Noun):
    """How often `jusante up` and `backfill` try again what failed in passing. What would fail again is not tried again.

    `jusante run` tries once: whoever calls it is there to look.
    """

    attempts: int = Field(3, ge=1, le=20, description="How often it is tried, in all.")
    wait: str = Field("1m", description="How long before the second attempt; twice as long before each one after.")
    longest: str = Field("1h", description="The longest wait.")


class Timing(Noun):
    """When an asset is made while `jusante up` runs. None of it changes what is made, so none of it is in a version."""

    schedule: str | None = Field(
        None,
        description='Times, as cron has them, and a time zone (UTC by default): `"0 6 * * 1-5 America/Sao_Paulo"`.',
    )
    every: str | None = Field(None, description="How often, when the platform runs: `15m`, `1h`, `1d`.")
    when: tuple[Condition, ...] = Field((), description="Made as soon as one of these is the case: `{rows: 1000}`.")
    fresh: str | None = Field(
        None, description="How old it may be: `30m`. It and all above it are made in time for that, without a schedule."
    )
    deadline: str | None = Field(
        None, description='By when it has to be there, every day: `"07:00 America/Sao_Paulo"`.'
    )
    catch_up: CatchUp = Field(
        "one",
        description="Times that passed while nothing ran: made once for all of them, once for each, or not at all.",
    )
    retries: Retries | None = None
    timeout: str | None = Field(
        None,
        description="How long it may take before it is stopped: `1h`; in a backfill, each batch. Python code that may be stopped "
        "runs in a process of its own.",
    )
    memory: str | None = Field(
        None,
        pattern=size.PATTERN,
        description="How much memory its Python code or its script may take before it is stopped: `2GB`. It runs in a process of "
        "its own then. Queries have `engine.memory`.",
    )
    pool: str | None = Field(None, description="The pool of `jusante.yaml` whose places it takes one of.")
    priority: int = Field(0, ge=-100, le=100, description="Who goes first where not all can; the higher the sooner.")
    paused: bool = Field(False, description="Made by hand only.")

    @field_validator("when", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, Mapping) else value

    @property
    def has_clock(self) -> bool:
        """Whether a clock says when it is made."""
        return bool(self.schedule or self.every)


TIMING: frozenset[str] = frozenset(Timing.model_fields)
"""The keys that say when, not what."""
