"""A file far larger than the memory that may be used for it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

ROWS = 10_000_000
MOST_MEGABYTES = 700

LOAD = """
import json, resource, sys
from pathlib import Path
from jusante.core.source import Source
from jusante.engines.duckdb.engine import DuckDBEngine, EngineSettings
from jusante.ports.connector import Request
from jusante.ports.engine import Target
from jusante.sources.files import files
sys.path.insert(0, sys.argv[2])
from shelf import table

folder = Path(sys.argv[1])
engine = DuckDBEngine(EngineSettings(memory="256MB", threads=2, spill=folder / "spill"))
connector = files.open(Source(source="files", kind="files"), folder, engine)
large = table("large.csv")
names = connector.schema("large", large).names
reading = connector.read(Request("large", large, names))
with engine.session({"it.rows": reading.relation}) as session:
    plan = session.stage("select * from it.rows", Target(str(folder / "staged"), {}, 0))
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    session.add("staged.rows", plan)
    found = session.rows("select count(*), sum(id), count(distinct note), count(moment), max(price) from staged.rows")[0]
connector.close()
engine.close()
print(json.dumps({"rows": plan.rows, "found": [str(value) for value in found], "megabytes": kilobytes / 1024}))
"""


@pytest.fixture(params=["chr(32)", "chr(10)"], ids=["on one line", "over two lines"])
def large_file(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A gigabyte of CSV. Where values go over two lines, it has to be read in one piece."""
    path = tmp_path / "large.csv"
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select i as id, 'note ' || i % 1000 || repeat(' x', 25) || {request.param} || 'end' as note, "
            f"i / 4 as price, timestamp '2026-01-01' + i * interval 1 second as moment from range({ROWS}) as t(i)) "
            f"to '{path}' (header, force_quote (note))"
        )
    yield path
    shutil.rmtree(tmp_path)


@pytest.mark.slow
def test_a_gigabyte_is_read_within_bounded_memory(large_file: Path) -> None:
    assert large_file.stat().st_size > 1_000_000_000
    command = [sys.executable, "-c", LOAD, str(large_file.parent), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    total, highest = ROWS * (ROWS - 1) // 2, (ROWS - 1) / 4
    assert told["rows"] == ROWS
    assert told["found"] == [str(ROWS), str(total), "1000", str(ROWS), str(highest)]
    print(f"at the most {told['megabytes']:.0f} MB")
    assert told["megabytes"] < MOST_MEGABYTES
