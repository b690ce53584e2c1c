"""A value that may be used but never shown."""

SHORTEST_KEY = 32
_FEWEST_DIFFERENT = 8


class Secret:
    """A secret (a connection string, a token): `reveal()` gives it to the adapter that needs it, nothing prints it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself. Call it where it is handed to the outside system, and keep it in no variable that lives."""
        return self._value

    def scrub(self, message: str) -> str:
        """`message` without the secret in it, for texts that come back from the outside system."""
        return message.replace(self._value, "•••") if self._value else message

    def __repr__(self) -> str:
        return "Secret('•••')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret is not written anywhere")


def is_weak(key: Secret) -> bool:
    """Whether a key could be guessed: it is short, or made of a few characters."""
    return len(key.reveal()) < SHORTEST_KEY or len(set(key.reveal())) < _FEWEST_DIFFERENT
