"""How a table's columns become the next ones."""

from collections.abc import Mapping

from jusante.core.schema import Schema, widens


def kept_ids(ids: Mapping[str, int], old: Schema, new: Schema) -> dict[str, int]:
    """The field ids that the new columns keep: those of a column whose old files still read under its new type.

    A column whose type became another altogether is a new column that happens to bear the name.
    """
    lost = {
        before.name.lower()
        for after in new
        if (before := old.find(after.name)) is not None and not widens(before.type, after.type)
    }
    return {path: number for path, number in ids.items() if path.split(".")[0].lower() not in lost}


def merged(old: Schema, new: Schema) -> Schema:
    """The columns of a table after an addition to it: the old ones in their order, then those that are new."""
    added = tuple(column for column in new if old.find(column.name) is None)
    now = tuple(new.find(column.name) or column for column in old)
    return Schema(now + added)
