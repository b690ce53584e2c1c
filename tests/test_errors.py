"""What the file system refuses, in our words: what, where, and a fix that would help."""

import errno
import os
from pathlib import Path

import pytest

from jusante.errors import storage_error


def refused(number: int, path: Path | None) -> OSError:
    return OSError(number, os.strerror(number), *([str(path)] if path else []))


@pytest.mark.parametrize(
    ("number", "name", "code", "what", "fix"),
    [
        (errno.ENOSPC, "x.csv", "J301", "the disk is full", "free some space"),
        (errno.EACCES, "x.csv", "J300", "permission denied", "make the folder writable"),
        (errno.ENOENT, "away/deep/.x.csv.draft", "J300", "there is no folder {folder}/away/deep", "make it"),
        (errno.ENOENT, "zz", "J300", "no such file or directory", "nothing can be made there"),
        (errno.EISDIR, "", "J300", "is a directory", "name a file"),
        (errno.EEXIST, "x", "J300", "file exists", "name another one"),
    ],
)
def test_what_the_file_system_refuses_is_told_with_a_fix_for_it(
    tmp_path: Path, number: int, name: str, code: str, what: str, fix: str
) -> None:
    found = storage_error(refused(number, tmp_path / name), "asked for")
    assert (found.code, found.what) == (code, what.format(folder=tmp_path))
    assert found.where
    assert fix in found.fix


def test_where_the_system_names_no_file_it_is_what_was_asked_for() -> None:
    assert storage_error(refused(errno.EACCES, None), "asked for").where == "asked for"
