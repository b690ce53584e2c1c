"""What all nouns of a project file have in common."""

from pydantic import BaseModel, ConfigDict


class Noun(BaseModel):
    """A frozen value read from a project file; a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
