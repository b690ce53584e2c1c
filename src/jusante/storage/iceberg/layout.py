"""Whether all files of a table have just its columns: then they are read as they are, which is several times faster.

A file from before a column came, went or widened is read by mapping its field ids. So each snapshot says in its summary in
which columns all of its files were written, if that is one and the same for all.
"""

import hashlib
import json
from collections.abc import Mapping

from jusante.core.schema import Schema

KEY = "jusante.layout"


def layout_of(schema: Schema) -> str:
    """The columns as a file has them: ids, names, types, order."""
    columns = [[column.id, column.name, column.type] for column in schema]
    return hashlib.sha256(json.dumps(columns).encode()).hexdigest()[:16]


def described(summary: Mapping[str, str], added: Schema, kept: Mapping[str, str] | None) -> dict[str, str]:
    """A commit's summary with the layout of all files; without one where those kept (`kept`: their summary) have another."""
    plain = {key: value for key, value in summary.items() if key != KEY}
    layout = layout_of(added)
    is_one = kept is None or kept.get(KEY) == layout
    return {**plain, KEY: layout} if is_one else plain


def is_uniform(schema: Schema, summary: Mapping[str, str]) -> bool:
    """Whether all files have just these columns."""
    return summary.get(KEY) == layout_of(schema)
