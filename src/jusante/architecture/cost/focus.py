"""Charges in the words of FOCUS, the FinOps Open Cost and Usage Specification, version 1.2.

See https://focus.finops.org/focus-specification/v1-2: each charge is one row, a day long. What a provider's bill has and
a project has not (invoices, commitments, regions) is null, or left out where the specification leaves that open.
"""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from jusante.architecture.cost.rates import price
from jusante.core.cost import Charge, Component, Rates

VERSION = "1.2"
NAME = "jusante"
COLUMNS = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingAccountType",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceId",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "Tags",
)
Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Meter:
    """How a component is called there: its service, its unit of price, and its meter."""

    category: str
    subcategory: str
    service: str
    unit: str
    meter: str
    consumed: str = ""
    times: int = 1


METERS: Mapping[Component, Meter] = {
    "cpu": Meter("Analytics", "Data Processing", "Processing", "Hours", "Processor time"),
    "scanned": Meter("Analytics", "Data Processing", "Processing", "TB", "Bytes scanned"),
    "stored": Meter("Storage", "Object Storage", "Tables", "GB-Months", "Bytes at rest"),
    "requests": Meter(
        "Integration", "API Management", "Requests", "1000000 Requests", "Requests sent", "Requests", 1_000_000
    ),
    "egress": Meter("Networking", "Network Connectivity", "Answers", "GB", "Bytes handed out"),
}


@dataclass(frozen=True, slots=True)
class Resource:
    """What a charge is for: an asset or a person, and what is said of it."""

    id: str
    kind: str
    owner: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """Whose charges these are, and at which prices."""

    project: str
    environment: str
    rates: Rates
    resources: Mapping[str, Resource] = field(default_factory=dict)


def rows(charges: Iterable[Charge], account: Account) -> Iterator[Row]:
    """Each charge as a row, with all of COLUMNS; None is null."""
    for charge in charges:
        name = charge.asset or f"person:{charge.by}"
        resource = account.resources.get(name, Resource(name, "person" if not charge.asset else "table"))
        yield _row(charge, account, resource)


def _row(charge: Charge, account: Account, resource: Resource) -> Row:
    meter = METERS[charge.component]
    usd, unit = decimal(charge.usd), decimal(price(charge.component, account.rates))
    return {
        **dict.fromkeys(COLUMNS),
        **dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost", "ListCost"), usd),
        **dict.fromkeys(("ContractedUnitPrice", "ListUnitPrice"), unit),
        **dict.fromkeys(("InvoiceIssuerName", "ProviderName", "PublisherName"), NAME),
        **_account(account),
        **_time(charge.day),
        **_resource(resource),
        "ChargeCategory": "Usage",
        "ChargeDescription": f"{meter.meter} of {resource.id}",
        "ChargeFrequency": "Usage-Based",
        "ConsumedQuantity": decimal(charge.quantity * meter.times),
        "ConsumedUnit": meter.consumed or meter.unit,
        "PricingCategory": "Standard",
        "PricingQuantity": decimal(charge.quantity),
        "PricingUnit": meter.unit,
        "ServiceCategory": meter.category,
        "ServiceName": f"{NAME} {meter.service}",
        "ServiceSubcategory": meter.subcategory,
        "SkuId": charge.component,
        "SkuMeter": meter.meter,
        "SkuPriceId": charge.component,
    }


def _account(account: Account) -> Row:
    return {
        "BillingAccountId": account.project,
        "BillingAccountName": account.project,
        "BillingAccountType": "Project",
        "BillingCurrency": "USD",
        "SubAccountId": f"{account.project}/{account.environment}",
        "SubAccountName": account.environment,
        "SubAccountType": "Environment",
    }


def _time(day: dt.date) -> Row:
    """A charge's day, and the month that it is in; both end where the next begins."""
    month = day.replace(day=1)
    return {
        "BillingPeriodStart": _moment(month),
        "BillingPeriodEnd": _moment((month + dt.timedelta(days=31)).replace(day=1)),
        "ChargePeriodStart": _moment(day),
        "ChargePeriodEnd": _moment(day + dt.timedelta(days=1)),
    }


def _resource(resource: Resource) -> Row:
    """The resource, with our own tags under a prefix, and the project's tags, which have no values."""
    tags = {f"{NAME}/kind": resource.kind, f"{NAME}/owner": resource.owner, **dict.fromkeys(resource.tags, True)}
    return {
        "ResourceId": resource.id,
        "ResourceName": resource.id,
        "ResourceType": resource.kind,
        "Tags": json.dumps({name: value for name, value in tags.items() if value}, sort_keys=True),
    }


def decimal(number: Decimal) -> str:
    """A number as the specification writes it: digits and a point, nothing else."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _moment(day: dt.date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
