"""A Python model that fails tells its line; all of its traceback is shown to who asks for it, and to nobody else."""

from pathlib import Path

import pytest

from jusante.errors import StepFailed
from jusante.transformation.python_function import call
from projects import write

MODEL = "def deeper():\n    raise ValueError('of a row')\n\n\ndef broken():\n    return deeper()\n"


@pytest.mark.parametrize("asked", [True, False])
def test_the_whole_traceback_is_shown_where_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asked: bool
) -> None:
    monkeypatch.setenv("JUSANTE_TRACEBACK", "1" if asked else "")
    write(tmp_path, {"broken.py": MODEL})
    with pytest.raises(StepFailed) as failed:
        call(tmp_path, "broken.py", "broken", {})
    assert failed.value.where == "broken.py:2"
    assert "JUSANTE_TRACEBACK=1" in failed.value.fix
    told = capsys.readouterr()
    assert ('broken.py", line 6, in broken' in told.err) == asked
    assert told.out == ""
    assert asked or told.err == ""
