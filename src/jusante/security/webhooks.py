"""Whether a call is from who it should be from: signed as Standard Webhooks says (standardwebhooks.com, 1.0.0), or by token."""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping

from jusante.core.others import signing_key
from jusante.core.secret import Secret
from jusante.errors import UsageError

TOLERANCE = dt.timedelta(minutes=5)
"""How far the time of a signed call may be from ours: an older one may be a copy."""
MOST_SIGNATURES = 10
"""So many are looked at: a sender that changes its secret signs with both."""
LONGEST_ID = 256


def key_of(secret: Secret) -> bytes:
    """The key in a secret. Raises UsageError for one that is none."""
    key = signing_key(secret)
    if not key:
        raise UsageError("the secret of a hook is not base64", where="hooks", fix="write it as whsec_… in base64")
    return key


def why_not_signed(key: bytes, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> str:
    """Why a call does not count as signed; empty where it does. `headers` have lower-case names."""
    name, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not name or len(name) > LONGEST_ID or "." in name:
        return "webhook-id is missing, or is none"
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        return "webhook-timestamp is missing, or is none"
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        return "webhook-timestamp is too far from now"
    wanted = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    given = headers.get("webhook-signature", "").split()[:MOST_SIGNATURES]
    matches = [hmac.compare_digest(_signature(text), wanted) for text in given]
    return "" if any(matches) else "no signature fits"


def _signature(text: str) -> bytes:
    version, _, value = text.partition(",")
    try:
        return base64.b64decode(value, validate=True) if version == "v1" else b""
    except (binascii.Error, ValueError):
        return b""


def bears(token: Secret, headers: Mapping[str, str]) -> bool:
    """Whether a call bears this token; an empty one is borne by nobody."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    wanted = token.reveal().encode()
    return scheme.lower() == "bearer" and bool(wanted) and hmac.compare_digest(given.strip().encode(), wanted)
