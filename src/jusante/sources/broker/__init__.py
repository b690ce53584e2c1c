"""A broker that others write to: how far a subject of a stream has come."""

from jusante.sources.broker.nats import last_message

__all__ = ["last_message"]
