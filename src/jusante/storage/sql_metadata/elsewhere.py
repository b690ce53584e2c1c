"""A look into the ledger of another project. Reads only: it makes no table and no file, and waits for nobody."""

from pathlib import Path

import sqlalchemy as sa

from jusante.core.run import AssetState
from jusante.errors import SourceUnavailable
from jusante.storage.databases import bounded, engine_of
from jusante.storage.sql_metadata.tables import STATES

TIMEOUT_SECONDS = 2


def state_elsewhere(url: str, asset: str) -> AssetState | None:
    """The state of an asset in the database at `url`; None where it was never made. Raises SourceUnavailable."""
    found = sa.make_url(url)
    is_file = found.drivername.startswith("sqlite")
    where = str(found.database) if is_file else found.render_as_string(hide_password=True)
    if is_file and not Path(str(found.database)).is_file():
        fix = "see that the project is there, and has been run"
        raise SourceUnavailable("the other project has no ledger", where=where, fix=fix)
    given = {"timeout": TIMEOUT_SECONDS} if is_file else {}
    there = bounded(url, connect_seconds=TIMEOUT_SECONDS)
    address = f"sqlite:///file:{found.database}?mode=ro&uri=true" if is_file else there
    try:
        engine = engine_of(address, poolclass=sa.pool.NullPool, connect_args=given)
        with engine.connect() as connection:
            kept = connection.execute(sa.select(STATES.c.state).where(STATES.c.asset == asset)).scalar_one_or_none()
    except sa.exc.SQLAlchemyError as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        what = f"the ledger of the other project cannot be read ({kind})"
        raise SourceUnavailable(what, where=where, fix="see that it can be reached; it is looked at again") from None
    return AssetState.from_dict(kept) if kept else None
