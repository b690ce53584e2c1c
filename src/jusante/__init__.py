"""jusante: the whole life of data as code, from source system to dashboard."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from jusante.app import Lake

__version__ = "0.1.0"
__all__ = ["__version__", "model", "open"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def model(**header: Any) -> Callable[[_Function], _Function]:
    """Declare a function under `models/` to be a model. The keys are those of a SQL model's header.

    Parameters whose default is a table's name (`orders: pa.Table = "sales.orders"`) receive that table as Arrow. The
    function returns anything that speaks Arrow: a `pyarrow.Table` or `RecordBatchReader`, a pandas or Polars frame.
    `lineage={"share": ["ml.spend.amount"], "*": []}` declares what its columns are made of, and what decides its rows.
    """
    del header  # read from the source text: `jusante check` runs no code of the project

    def declared(function: _Function) -> _Function:
        return function

    return declared


def open(folder: str | Path = ".", *, environment: str | None = None) -> "Lake":  # noqa: A001  # as in gzip.open
    """A project from Python: `lake = jusante.open("shop")`, then `lake.run()`, `lake.query(sql)`, `lake.table(name)`."""
    from jusante.app import Lake

    return Lake.open(Path(folder), environment)
