"""Names that another tool accepts. The same asset has the same name in every export, and no two assets share one."""

import hashlib
import re
from collections.abc import Mapping, Sequence

_PLAIN = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*(?:[.:][a-z0-9]+(?:_[a-z0-9]+)*)*")
_DOTTED = re.compile(r"(?!.*--)[A-Za-z0-9_.-]{1,200}")
_UNQUOTED = re.compile(r"[A-Za-z0-9._~:-]")
LONGEST = 120


def identifier(name: str) -> str:
    """A Python name: `marts.daily_sales` is `marts__daily_sales`, `step:x` is `step___x`.

    Of a name in which that could not be told apart from another one, a hash is added.
    """
    if _PLAIN.fullmatch(name) and len(name) <= LONGEST:
        return name.replace(":", "___").replace(".", "__")
    cleaned = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:LONGEST]
    return f"{cleaned if cleaned[:1].isalpha() else f'a_{cleaned}'}____{_hash(name)}"


def dotted(name: str) -> str:
    """A name of letters, digits, `_`, `-` and `.`: `marts.daily_sales` is that, `step:x` is `step--x`."""
    kind, colon, rest = name.partition(":")
    if all(_DOTTED.fullmatch(part) for part in ((kind, rest) if colon else (kind,))):
        return f"{kind}--{rest}" if colon else kind
    cleaned = re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-")[:LONGEST]
    return f"{cleaned}---{_hash(name)}"


def in_address(name: str) -> str:
    """A name as a part of a URI (RFC 3986): what is not a letter, a digit or one of `-._~:` is written by its bytes."""
    return "".join(chr(byte) if _UNQUOTED.fullmatch(chr(byte)) else f"%{byte:02X}" for byte in name.encode())


def slugs(texts: Sequence[str]) -> Mapping[str, str]:
    """Short names of schedules that a person recognises: `0 6 * * 1-5 UTC` is `0_6_x_x_1-5_UTC`."""
    short = {
        text: re.sub(r"[^A-Za-z0-9-]+", "_", text.replace("*", "x").replace("/", "-")).strip("_") for text in texts
    }
    taken = list(short.values())
    return {
        text: slug[:60] if taken.count(slug) == 1 and len(slug) <= 60 else f"{slug[:50]}_{_hash(text)}"
        for text, slug in short.items()
    }


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]
