"""OpenLineage: what a project is, and what its runs do, in the words of the standard; by file, HTTP or console.

The events are those of the official client, the extra `openlineage`, and are sent by it.
"""

from jusante.receivers.openlineage.events import Story
from jusante.receivers.openlineage.receiver import Receiver
from jusante.receivers.openlineage.ways import way_of

__all__ = ["Receiver", "Story", "way_of"]
