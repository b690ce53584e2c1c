"""Sets the stage: the shop's project in a folder, its source systems running."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jusante.demo import catalogue, sales_database, social_api
from jusante.demo.generate import Shop, generate
from jusante.errors import UsageError

_SCALE = Path(".jusante") / "demo" / "scale"
_ACTS = Path(".jusante") / "demo" / "acts"
TOKEN = "demo-token"  # noqa: S105  # the made-up network's, good on this machine alone


def prepare(folder: Path, scale: float) -> Shop:
    """Put the project into a folder, with its catalogue files. Raises UsageError where something else lies there."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "sources" / "social.yaml").exists():
        raise UsageError(f"the folder {folder} is not empty", fix="name a new one: jusante demo shop")
    shop = generate(scale)
    if not has_begun(folder):
        shutil.copytree(
            _project(), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".jusante", "data", "exports")
        )
        catalogue.write(folder / "data", shop.products)
    kept = folder / _SCALE
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(str(scale))
    return shop


def has_begun(folder: Path) -> bool:
    """Whether an act has been played in the folder: its project is then no longer the one that it began with."""
    return (folder / _ACTS).exists()


def begin_act(folder: Path, name: str) -> None:
    """From now on the folder's project is left as it is."""
    with (folder / _ACTS).open("a", encoding="utf-8") as file:
        file.write(f"{name}\n")


def scale_of(folder: Path, default: float) -> float:
    """The scale at which the folder's shop was made up."""
    kept = folder / _SCALE
    return float(kept.read_text()) if kept.exists() else default


def _project() -> Path:
    """The shop's project: in the package when installed, beside the sources in a checkout."""
    packaged = Path(__file__).parent / "shop"
    return packaged if packaged.exists() else Path(__file__).parents[3] / "examples" / "shop"


@contextmanager
def systems(folder: Path, shop: Shop) -> Iterator[dict[str, str]]:
    """The shop's systems, running; the environment variables that the project's sources refer to, which are set."""
    state = (folder / ".jusante" / "demo").resolve()
    with sales_database.running(state / "postgres", shop) as sales, social_api.serving(shop.posts, TOKEN) as social:
        variables = {"SALES_URL": sales, "SOCIAL_URL": social.url, "SOCIAL_TOKEN": TOKEN}
        before = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)
        try:
            yield variables
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
