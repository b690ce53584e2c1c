"""Reading no faster than a source's limit allows."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from jusante.errors import SourceError, SourceUnavailable
from jusante.ports.engine import Session

if TYPE_CHECKING:
    import pyarrow as pa


class TokenBucket:
    """Lets `rate` things through a second, with at most one second's worth at once."""

    def __init__(self, rate: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._tokens = rate
        self._filled_at = clock()

    def take(self, count: int) -> None:
        """Wait until `count` things may pass. More than the bucket holds leave a debt, which the next one waits off."""
        now = self._clock()
        self._tokens = min(self._rate, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 0:
            wait = -self._tokens / self._rate
            self._sleep(wait)
        self._tokens -= count


class PacedBatches:
    """The batches of a query at a limited pace. Its session closes when they are used up, closed or forgotten."""

    def __init__(
        self,
        opened: AbstractContextManager[Session],
        sql: str,
        rows_per_second: int,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._opened: AbstractContextManager[Session] | None = opened
        self._bucket = TokenBucket(rows_per_second, clock, sleep)
        session = opened.__enter__()
        try:
            # A batch is at most half a second's rows, so that the source sees a steady trickle and not bursts.
            self._reader = session.reader(sql, batch_rows=max(1, min(65_536, rows_per_second // 2)))
        except BaseException:
            self.close()
            raise

    @property
    def schema(self) -> "pa.Schema":
        """The columns of every batch."""
        return self._reader.schema

    def __iter__(self) -> Iterator["pa.RecordBatch"]:
        return self

    def __next__(self) -> "pa.RecordBatch":
        if self._opened is None:
            raise StopIteration
        try:
            batch = self._read()
        except BaseException:
            self.close()
            raise
        self._bucket.take(batch.num_rows)
        return batch

    def close(self) -> None:
        """Let go of the session; harmless when done already."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.__exit__(None, None, None)

    def __del__(self) -> None:
        self.close()

    def _read(self) -> "pa.RecordBatch":
        import pyarrow as pa

        try:
            return self._reader.read_next_batch()
        except (pa.ArrowException, OSError) as error:
            raise broken(str(error)) from None


def broken(message: str) -> SourceError:
    """What it means that a stream of rows broke off."""
    if "Conversion Error" in message or "Invalid type" in message:
        return SourceError(message.split("\n", 1)[0], fix="correct the value at the source, or read the column as text")
    return SourceUnavailable("the source broke off while it was read", fix="run again: nothing was published")
