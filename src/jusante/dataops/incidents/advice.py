"""What to do about an incident: the fix that the error bears, then what helps with its kind, as commands."""

from jusante.core.incident import Incident

_BY_KIND: dict[str, tuple[str, ...]] = {
    "source_down": ("see whether the source is up; nothing was lost: jusante run loads what came in the meantime",),
    "source_denied": ("ask the owner of the source for the right, or renew the credentials",),
    "secret": ("jusante check names all that is missing here; then start what runs anew",),
    "budget": (
        "jusante costs shows what it was spent on; up makes it when the month is over, or its budget is raised",
    ),
    "drift": ("jusante drift shows the change, whom it hits, and the commands that decide",),
    "data_drift": ("jusante drift shows what was measured; if it is right so: jusante drift accept {asset}",),
    "personal_data": ("jusante classify lists the columns, and what can be said of them",),
    "audit": ("look at the rows that fail; readers keep what they have until they are right",),
    "storage": ("free some space or give the right to write, then: jusante run",),
    "installation": ("jusante doctor tells what is missing",),
    "late": ("see what it waits for: jusante schedule, jusante incidents, jusante lineage {asset}",),
    "policy": ("jusante check tells which purpose is missing, and where",),
}


def advice(incident: Incident) -> tuple[str, ...]:
    """What to do, the first thing first."""
    first = incident.suspects[0] if incident.suspects else None
    found = [incident.cause.fix] if incident.cause.fix else []
    if first and first.kind == "definition" and first.subject in (*incident.assets, incident.cause.asset):
        found.insert(0, f"see {'that edit' if incident.last_good else 'its definition'} first: {first.what}")
    elif first and first.subject not in {*incident.assets, incident.cause.asset} and "." in first.subject:
        found.append(f"look at {first.subject} first: jusante lineage {first.subject}")
    asset = incident.assets[0] if incident.assets else incident.cause.asset
    found += [text.format(asset=asset) for text in _BY_KIND.get(incident.cause.kind, ())]
    if len(incident.assets) == 1 and incident.cause.kind not in {"storage", "installation"}:
        found.append(f"when it is mended: jusante run {asset}+")
    return tuple(dict.fromkeys(found))
