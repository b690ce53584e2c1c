"""A lease: somebody's right to be the only one who does something, for a time that has to be renewed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to `name`, which `holder` has. Each time it is taken its `token` is a higher number than ever before.

    Whoever was late notices nothing of it, as a stopped process notices nothing. So what can be done only once asks for the
    token, and lets nobody do it whose token is not the highest it has seen.
    """

    name: str
    holder: str
    token: int
