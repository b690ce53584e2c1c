"""What the documents show is so: their examples are read, their commands run, their links lead somewhere."""

import ast
import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from jusante.cli.main import COMMANDS
from jusante.engineering.project import read_problems
from jusante.plugins import Connectors
from jusante.transformation.sql_analysis import analyse
from projects import write

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])


def blocks(language: str) -> list[str]:
    """The README's code blocks in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_files_it_shows_make_a_project(tmp_path: Path) -> None:
    [source], [model], [python] = blocks("yaml"), blocks("sql"), blocks("python")
    shown = yaml.safe_load(source)
    write(
        tmp_path,
        {
            "jusante.yaml": "name: shown\n",
            f"sources/{shown['source']}.yaml": source,
            "models/marts/daily.sql": model,
            "models/ml/lead_features.py": python,
            "models/staging/order_lines.sql": "select 'a' as sku, current_date as day, 1 as amount from sales.orders",
            "models/ml/customer_features.sql": "select 1 as customer_id from sales.orders",
        },
    )
    _, problems = read_problems(
        tmp_path, None, kinds=Connectors(), analyse=analyse, variables={"SALES_URL": "postgresql://u@h/d"}
    )
    assert [problem.what for problem in problems if problem.severity == "error"] == []
    ast.parse(python)


def test_the_first_project_runs_as_it_is_shown(tmp_path: Path) -> None:
    [commands] = [block for block in blocks("sh") if "jusante init" in block]
    lines = commands.splitlines()
    for line in lines[lines.index("jusante init first && cd first") :]:
        words = line.replace("jusante", f"{shlex.quote(sys.executable)} -m jusante")
        where = tmp_path / "first" if (tmp_path / "first").exists() else tmp_path
        done = subprocess.run(words, shell=True, cwd=where, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    block = README.partition("jusante run\n```\n\n```\n")[2].partition("```")[0]
    shown = [re.sub(r"[\s\d.]+", " ", line).strip() for line in block.splitlines()]
    printed = [re.sub(r"[\s\d.]+", " ", line).strip() for line in done.stdout.splitlines()]
    assert shown == printed[: len(shown)]


def test_every_command_is_told_of() -> None:
    table = README.partition("| command | does |")[2].partition("\n\n")[0]
    assert {name for name in COMMANDS if not re.search(rf"`(jusante )?{name}\b", table)} == set()


def test_the_reference_says_what_the_code_says() -> None:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    for name, text in reference.pages().items():
        assert (reference.FOLDER / name).read_text(encoding="utf-8") == text, f"make docs writes {name} anew"


@pytest.mark.parametrize("document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)\)", document.read_text(encoding="utf-8")):
        assert target.startswith("http") or (document.parent / target).exists(), target
