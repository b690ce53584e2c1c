"""What the readers of single files have at hand."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jusante.core.model import Query
from jusante.core.place import Place
from jusante.engineering.project.documents import Document, parse
from jusante.engineering.project.problems import Findings
from jusante.ports.connector import ConnectorKinds


@dataclass(frozen=True, slots=True)
class Context:
    """The project's folder, the kinds of sources there are, how SQL is understood, and where findings go."""

    folder: Path
    kinds: ConnectorKinds
    analyse: Callable[[str], Query]
    variables: Mapping[str, str]
    findings: Findings

    def files(self, folder: str, *patterns: str) -> Iterator[Path]:
        """The files of a folder of the project, in order; hidden ones are left out."""
        place = self.folder / folder
        found = {path for pattern in patterns for path in place.glob(pattern) if path.is_file()}
        return (path for path in sorted(found) if not path.name.startswith((".", "_")))

    def name(self, path: Path) -> str:
        """A file's path as problems show it."""
        return path.relative_to(self.folder).as_posix()

    def text(self, path: Path) -> str | None:
        """A file's text; None, and a finding, where it cannot be read as UTF-8."""
        try:
            return path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            self.findings.add("J101", "the file is not UTF-8", Place(self.name(path)), "save it as UTF-8")
        except OSError as error:
            self.findings.add("J101", f"the file cannot be read: {error.strerror}", Place(self.name(path)))
        return None

    def document(self, path: Path) -> Document | None:
        """A YAML file; None, and a finding, where it is none."""
        text = self.text(path)
        return parse(text, self.name(path), self.findings) if text is not None else None
