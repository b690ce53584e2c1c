"""What is done to a value before it rests anywhere: dropped, hashed, tokenised, truncated or generalised."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, WithJsonSchema

from jusante.core.form import Form
from jusante.core.noun import Noun
from jusante.core.schema import decimal_of

MaskKind = Literal["drop", "hash", "tokenise", "truncate", "generalise"]
Period = Literal["year", "quarter", "month", "week", "day"]

PERIODS: tuple[str, ...] = get_args(Period)
_SHORT = ("drop", "hash", "tokenise")
_TIMES = {"date", "timestamp", "timestamptz"}
_NUMBERS = {"int", "long", "float", "double"}
_FORMS = "write drop, hash, tokenise, {truncate: 4}, {generalise: year}, {generalise: 10}, {generalise: ip} or {generalise: postcode}"


class Mask(Noun):
    """A mask. `to` is how many characters are kept (truncate; from the end where negative), or what is left of the value
    (generalise): a period of time, the width of a range of numbers, `ip` or `postcode`."""

    kind: MaskKind
    to: int | str | None = None

    @property
    def is_one_to_one(self) -> bool:
        """Whether different values stay different, and equal ones equal: then they still tell rows apart, and join."""
        return self.kind in {"hash", "tokenise"}

    @property
    def is_keyed(self) -> bool:
        """Whether it takes a key."""
        return self.is_one_to_one

    @property
    def leaves(self) -> Form:
        """What is left of a value. A month or a day is a part of a date: parts can be put together again."""
        if self.is_keyed:
            return "pseudonymous"
        is_coarse = self.kind == "generalise" and (self.to == "year" or self.to not in PERIODS)
        return "generalised" if is_coarse else "part"

    def type_of(self, plain: str) -> str:
        """The type of what is left of a value. Raises ValueError where the mask says nothing of such a value."""
        if self.kind != "generalise":
            if plain.startswith(("list<", "map<", "struct<")):
                raise ValueError(f"a {plain.partition('<')[0]} cannot be masked; drop it")
            return "string"
        if self.to in PERIODS:
            if plain in _TIMES:
                return "date"
            raise ValueError(f"a {self.to} can be told of a date or time only, and this is a {plain}; declare its type")
        if isinstance(self.to, int):
            if plain in _NUMBERS or decimal_of(plain):
                return plain
            raise ValueError(f"ranges are made of numbers, and this is a {plain}; declare its type, or truncate it")
        if plain != "string":
            raise ValueError(f"the {self.to} must be text, and this is a {plain}; declare it: `type: string`")
        return "string"

    def __str__(self) -> str:
        return self.kind if self.to is None else f"{{{self.kind}: {self.to}}}"


def _read(written: Any) -> Any:
    """A mask as it is written in a file: a word, or one key with what is left of the value."""
    if isinstance(written, Mask):
        return written
    if isinstance(written, dict) and set(written) <= {"kind", "to"}:
        return Mask(**written)
    if isinstance(written, str) and written in _SHORT:
        return Mask(kind=written)
    if isinstance(written, dict) and len(written) == 1:
        ((kind, to),) = written.items()
        if kind == "truncate" and isinstance(to, int) and not isinstance(to, bool) and to:
            return Mask(kind="truncate", to=to)
        if kind == "generalise" and _is_coarse(to):
            return Mask(kind="generalise", to=to)
    raise ValueError(f"this is no mask; {_FORMS}")


def _is_coarse(to: Any) -> bool:
    if isinstance(to, int) and not isinstance(to, bool):
        return to > 1
    return to in PERIODS or to in {"ip", "postcode"}


WrittenMask = Annotated[
    Mask,
    BeforeValidator(_read),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(_SHORT)},
                {
                    "type": "object",
                    "properties": {
                        "truncate": {
                            "type": "integer",
                            "description": "How many characters are kept; -4: the last four.",
                        },
                        "generalise": {
                            "anyOf": [{"enum": [*PERIODS, "ip", "postcode"]}, {"type": "integer", "minimum": 2}],
                            "description": "A period, the width of a range, `ip` or `postcode`.",
                        },
                    },
                    "additionalProperties": False,
                    "minProperties": 1,
                    "maxProperties": 1,
                },
            ]
        }
    ),
]
