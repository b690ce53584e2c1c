"""The adapters that a project's settings choose."""

import os
import socket
import threading
from collections.abc import Iterator
from functools import cached_property

from jusante.app import clock
from jusante.core.channels import names_of
from jusante.core.environment import NotifyChoice, Project
from jusante.core.secret import Secret
from jusante.engineering.settings import Settings
from jusante.errors import UsageError
from jusante.management.lake import Tables
from jusante.plugins import Connectors
from jusante.ports.connector import Connector
from jusante.ports.engine import Engine
from jusante.ports.key_store import KeyStore
from jusante.ports.metadata_store import MetadataStore
from jusante.ports.notifier import Notifier
from jusante.ports.table_store import TableStore
from jusante.security.masking import MaskKeys, Masks, Subjects, Tokens


class System:
    """The adapters that a project's settings choose, each made when it is first needed."""

    def __init__(self, project: Project, settings: Settings) -> None:
        self.project = project
        self.settings = settings
        self.graph = project.graph
        self._making = threading.RLock()
        self.makes_keys = True
        """Whether a project without a key for masks gets one here. Workers must all have the same one."""
        self.console: Notifier | None = None
        """What takes notices in place of the console, where that is a log's."""

    @cached_property
    def engine(self) -> Engine:
        """What runs queries."""
        from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings

        choice = self.project.environment.engine
        spill = self.settings.state / "spill" / f"{socket.gethostname()}-{os.getpid()}"
        return DuckDBEngine(EngineSettings(choice.memory, choice.threads, spill, choice.spill_limit))

    @cached_property
    def store(self) -> TableStore:
        """Where tables rest."""
        from jusante.storage.iceberg.store import IcebergStore

        return IcebergStore(self.settings.warehouse, self.settings.catalog_url, self.settings.state / "plans")

    @property
    def metadata(self) -> MetadataStore:
        """Where runs and states are kept. Several threads may be the first to ask."""
        with self._making:
            return self._metadata

    @cached_property
    def _metadata(self) -> MetadataStore:
        from jusante.storage.sql_metadata import Identity, SqlMetadata

        # A file in the folder of the project can be nobody else's, whatever the project is called.
        identity = Identity(self.project.name, self.project.environment_name)
        is_given = self.project.environment.metadata is not None
        return SqlMetadata(self.settings.metadata_url, identity=identity if is_given else None)

    @cached_property
    def _kinds(self) -> Connectors:
        return Connectors()

    @cached_property
    def key_store(self) -> KeyStore:
        """Where the keys of single persons rest."""
        from jusante.storage.sql_keys import SqlKeys

        return SqlKeys(self.settings.subject_keys_url)

    def masks(self) -> Masks:
        """What masks are made with; a project that has no key is given one. Tasks ask at the same time."""
        with self._making:
            return self._masks

    @cached_property
    def _masks(self) -> Masks:
        from jusante.storage.key_file import kept_or_made

        given = self.project.environment.keys.masks
        if not isinstance(given, Secret) and not self.makes_keys and not self.settings.mask_key.exists():
            raise UsageError(
                "the key of this project's masks is not here",
                where=str(self.settings.mask_key.relative_to(self.project.folder)),
                fix="give all machines the same one, by reference: keys: {masks: ${env:MASK_KEY}, subjects: ${env:DATABASE}}",
            )
        secret, made = (given, False) if isinstance(given, Secret) else kept_or_made(self.settings.mask_key)
        keys = MaskKeys(secret)
        subjects = Subjects(keys, self.key_store)
        notice = (
            f"a key for masks was made in {self.settings.mask_key.relative_to(self.project.folder)}: keep a copy of it in a "
            "safe place. Without it no token can be turned back, and all masked tables are loaded anew"
        )
        return Masks(keys, Tokens(keys, subjects), subjects, self.key_store, notice if made else "")

    def connect(self, source: str) -> Connector:
        """An open source."""
        known = self.project.sources[source]
        return self._kinds[known.kind].open(known, self.project.folder, self.engine)

    def channels(self) -> Iterator[tuple[str, Notifier]]:
        """The channels by which owners are told, each under a name of its own."""
        choices = self.project.environment.notify
        for channel, choice in zip(names_of(choices), choices, strict=True):
            yield channel, self._notifier(choice, channel)

    def _notifier(self, choice: NotifyChoice, channel: str) -> Notifier:
        match choice.kind:
            case "console":
                from jusante.notifiers.console import ConsoleNotifier

                return self.console or ConsoleNotifier()
            case "file":
                from jusante.notifiers.file import FileNotifier

                return FileNotifier(self.project.folder / str(choice.path), clock.now)
            case "webhook":
                from jusante.notifiers.webhook import WebhookNotifier

                return WebhookNotifier(_secret(choice.url), choice.secret, clock.now)
            case "alertmanager":
                from jusante.notifiers.alertmanager import AlertmanagerNotifier

                return AlertmanagerNotifier(_secret(choice.url), choice.secret, channel, self.project.name)
            case "apprise":
                from jusante.notifiers.apprise import AppriseNotifier

                return AppriseNotifier(_secret(choice.url))

    def tables(self) -> Tables:
        """The tables as of now. Where nothing has run yet there are none, and looking makes no folders."""
        return Tables(self.store if self.settings.state.is_dir() else None)

    def close(self) -> None:
        """Let go of what was opened."""
        for name in ("engine", "store", "_metadata", "key_store"):
            if name in self.__dict__:
                self.__dict__[name].close()


def _secret(given: object) -> Secret:
    return given if isinstance(given, Secret) else Secret(str(given))


def connector_kinds() -> Connectors:
    """The kinds of sources there are."""
    return Connectors()
