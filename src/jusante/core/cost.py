"""What work takes, what that is worth, and how much of it somebody is willing to pay for."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from jusante.core.noun import Noun

Component = Literal["cpu", "scanned", "stored", "requests", "egress"]
"""What is paid for: work of processors, bytes read, bytes at rest over time, requests to others, bytes handed out."""
MONTH_SECONDS = 730 * 3600
"""A month, as storage is paid for: a twelfth of 8,760 hours."""
Price = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class Rates(Noun):
    """A rate card. The prices that stand here without one are public list prices; docs/costs.md says whose, and of when.

    A GB is 10^9 bytes, a TB 10^12. A month is 730 hours.
    """

    currency: str = Field("USD", pattern=r"^[A-Z]{3}$", description="What the prices are in, as ISO 4217 names it.")
    usd: Annotated[Decimal, Field(gt=0, allow_inf_nan=False)] | None = Field(
        None, description="How many US dollars one unit of the currency is; all that is told is told in dollars."
    )
    cpu_hour: Price = Field(Decimal("0.04048"), description="An hour of one core.")
    tb_scanned: Price = Field(
        Decimal(0), description="A TB read by queries, where the engine is paid for by that; else its cores are."
    )
    gb_month: Price = Field(Decimal("0.023"), description="A GB that rests for a month.")
    million_requests: Price = Field(Decimal("0.40"), description="A million requests to web APIs and object storage.")
    gb_egress: Price = Field(Decimal("0.09"), description="A GB of answers that is handed out.")

    @model_validator(mode="after")
    def _known_currency(self) -> "Rates":
        if self.currency == "USD" and self.usd not in {None, Decimal(1)}:
            raise ValueError("a dollar is one dollar; leave usd out")
        if self.currency != "USD" and self.usd is None:
            raise ValueError(f"nobody knows how many dollars one {self.currency} is; write usd: 1.08")
        return self

    @property
    def dollars(self) -> Decimal:
        """How many US dollars one unit of the currency is."""
        return self.usd or Decimal(1)


Overrun = Literal["warn", "hold", "refuse"]


class Budget(Noun):
    """How much something may cost in a calendar month (UTC), and what happens where it would cost more.

    warn: its owner is told. hold: it is not made, and keeps what it has. refuse: nothing of the whole run is done.
    """

    usd_per_month: Price
    policy: Overrun = "warn"


class Budgets(Noun):
    """Budgets of more than one thing."""

    project: Budget | None = Field(None, description="For all that the project makes and stores.")
    owners: Mapping[str, Budget] = Field(
        default_factory=dict, description="For all that somebody owns, by the owner: `growth@shop.example`."
    )


@dataclass(frozen=True, slots=True)
class Usage:
    """What work took. Integers, so that sums are exact: processor time in microseconds."""

    cpu_us: int = 0
    bytes_scanned: int = 0
    bytes_written: int = 0
    bytes_out: int = 0
    requests: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Usage)))

    @property
    def cpu_seconds(self) -> float:
        """The processor time, in seconds."""
        return self.cpu_us / 1_000_000


MeteredKind = Literal["task", "question"]


@dataclass(frozen=True, slots=True)
class Metered:
    """What was done on one day about one asset, or was asked by one person, summed up.

    `by` is who did or asked it. `reads` are the tables that a question named. `times` is how often that was, `made` how
    often it made its asset anew, `rows` how many rows that gave.
    """

    day: dt.date
    kind: MeteredKind
    asset: str
    by: str
    reads: tuple[str, ...]
    times: int
    made: int
    rows: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class Stored:
    """How many bytes of a table lay at rest from a moment on, all snapshots that are kept included, in how many files."""

    asset: str
    at: dt.datetime
    bytes: int
    files: int

    def as_dict(self) -> dict[str, Any]:
        """What the ledger keeps of it."""
        return {"bytes": self.bytes, "files": self.files}


@dataclass(frozen=True, slots=True)
class Charge:
    """What one component of one thing cost on one day. `asset` is empty for a question that a person asked, `by`.

    `quantity` is in the unit that is priced: hours, TB, GB-months, millions of requests, GB.
    """

    day: dt.date
    kind: Literal["task", "question", "storage"]
    asset: str
    by: str
    component: Component
    quantity: Decimal
    usd: Decimal
    reads: tuple[str, ...] = ()
