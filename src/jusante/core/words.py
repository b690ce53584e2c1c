"""Numbers in sentences."""


def counted(number: int, noun: str) -> str:
    """`1 table`, `2 tables`, `1,000 tables`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def sized(count: int) -> str:
    """`812 B`, `1.2 GB`."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:,.1f} {unit}"
    return f"{count:,} B"


def some_are(number: int, noun: str) -> str:
    """`1 row is`, `2 rows are`."""
    return f"{counted(number, noun)} {'is' if number == 1 else 'are'}"


def some_were(number: int, noun: str) -> str:
    """`1 row was`, `2 rows were`."""
    return f"{counted(number, noun)} {'was' if number == 1 else 'were'}"
