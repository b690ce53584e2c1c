"""Who is worth a call: a table from Python, on Arrow."""

import pyarrow as pa
import pyarrow.compute as pc

from jusante import model


@model(
    kind="full",
    grain=["customer_id"],
    owner="ml@shop.example",
    tags=["ml"],
    lineage={
        "customer_id": ["ml.customer_features.customer_id"],
        "newsletter": ["ml.customer_features.newsletter"],
        "orders": ["ml.customer_features.orders"],
        "spend_share": ["ml.customer_features.spend"],
        "days_since": ["ml.customer_features.last_day"],
        "*": [],
    },
)
def lead_features(customers: pa.Table = "ml.customer_features") -> pa.Table:
    """Each customer's spend as a share of the greatest, and the days since they last bought."""
    newest = pc.max(customers["last_day"])
    days = pc.days_between(customers["last_day"], newest)
    spend = pc.cast(customers["spend"], pa.float64())
    share = pc.divide(spend, pc.max(spend))
    return pa.table(
        {
            "customer_id": customers["customer_id"],
            "newsletter": customers["newsletter"],
            "orders": customers["orders"],
            "spend_share": share,
            "days_since": pc.fill_null(days, 9999),
        }
    )


@model(
    kind="full",
    grain=["customer_id"],
    owner="ml@shop.example",
    tags=["ml"],
    checks=[{"range": {"column": "score", "min": 0, "max": 1}}],
)
def lead_scores(features: pa.Table = "ml.lead_features") -> pa.Table:
    """A score between 0 and 1: recent, frequent and generous customers first, a little more for those who read us."""
    recent = pc.divide(1.0, pc.add(1.0, pc.divide(pc.cast(features["days_since"], pa.float64()), 60.0)))
    often = pc.subtract(1.0, pc.divide(1.0, pc.add(1.0, pc.cast(features["orders"], pa.float64()))))
    reader = pc.cast(features["newsletter"], pa.float64())
    parts = (
        pc.multiply(recent, 0.4),
        pc.multiply(often, 0.3),
        pc.multiply(features["spend_share"], 0.2),
        pc.multiply(reader, 0.1),
    )
    score = parts[0]
    for part in parts[1:]:
        score = pc.add(score, part)
    return pa.table({"customer_id": features["customer_id"], "score": score})
