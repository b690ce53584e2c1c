"""Guards of queries: which rules there are, and what a project wants to happen where one is broken."""

from typing import Literal

GuardCode = Literal[
    "J160",
    "J161",
    "J162",
    "J163",
    "J164",
    "J165",
    "J166",
    "J167",
    "J168",
    "J169",
    "J170",
    "J171",
    "J172",
    "J173",
    "J174",
    "J175",
]
Policy = Literal["refuse", "warn", "off"]
