"""Who is the only one to do something, among processes on several machines."""

from typing import Protocol

from jusante.core.lease import Lease


class Leases(Protocol):
    """Leases, timed by one clock that all share. Errors are `StorageError`s."""

    def take(self, name: str, holder: str, seconds: float) -> Lease | None:
        """A lease that nobody has or that has run out; None where somebody has it."""

    def renew(self, lease: Lease, seconds: float) -> bool:
        """Have it for so long from now on; False where it has gone to somebody else, or was given back."""

    def raise_to(self, lease: Lease, token: int, seconds: float) -> Lease | None:
        """Have it under this token, which is higher than its own, for so long from now on; None where it has gone to somebody else."""

    def release(self, lease: Lease) -> None:
        """Give it back, if it is still ours."""

    def holder(self, name: str) -> str | None:
        """Who has it; None where nobody has."""
