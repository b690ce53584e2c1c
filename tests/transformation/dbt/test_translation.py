"""dbt's words in ours: tests as checks, compiled SQL in DuckDB's dialect, failures with their places. By pairs."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from dbt_manifests import dbt_test, manifest, model, source
from jusante.core.check import KINDS
from jusante.core.dbt import DbtLink, DbtOrigin
from jusante.core.model import QueryProblem
from jusante.transformation.dbt.compiled import Translator
from jusante.transformation.dbt.importing import Importer
from jusante.transformation.dbt.manifest import Manifest
from jusante.transformation.dbt.program import problems_in

HERE = Path(__file__).parent
LINK = DbtLink(dbt="warehouse", project="../warehouse", sources={"raw": "crm"})
ORIGIN = DbtOrigin(folder="../warehouse", project="warehouse", version="1.11.16", adapter="duckdb", link="", files={})


def cases(name: str) -> Any:
    found = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    return pytest.mark.parametrize("case", found, ids=[case["case"] for case in found])


@cases("checks.yaml")
def test_a_test_of_dbt_is_this_check(case: dict[str, Any]) -> None:
    told = dict(case["test"])
    config, name, kwargs = told.pop("config", {}), told.pop("name"), told.pop("kwargs")
    made = manifest(
        source("people"),
        model("orders", 'select * from "db"."raw"."people"', ["source.warehouse.raw.people"]),
        model("customers", 'select * from "db"."raw"."people"', ["source.warehouse.raw.people"]),
        model("daily", 'select * from "db"."main"."orders"', ["model.warehouse.orders"]),
        model("scores", None, language="python"),
        dbt_test(name, "orders", kwargs, **told, **config),
    )
    found = Importer(Manifest(made), {}, LINK, frozenset({"crm.people"}), HERE).imported(ORIGIN)
    [part] = found.tests
    checks = next(each for each in found.content.models if each.id == "marts.orders").header.checks
    if "untold" in case:
        assert part.state == "left out"
        assert case["untold"] in part.why
        assert checks == ()
        return
    [check] = checks
    wanted = KINDS[case["check"]["kind"]].model_validate(case["check"])
    if case["check"]["kind"] == "sql":
        check = check.model_copy(update={"query": " ".join(check.query.split())})
        check = check.model_copy(update={"query": check.query.replace("( ", "(").replace(" )", ")")})
    assert (part.state, check) == ("here", wanted)


RELATIONS = {
    '"db"."main"."orders"': "marts.orders",
    '"db"."raw"."people"': "crm.people",
    '"db"."raw"."persons"': "crm.customers",
    "'data/visits.csv'": "web.visits",
    "read_parquet('data/clicks/*.parquet')": "web.clicks",
}


@cases("translated.yaml")
def test_a_compiled_text_is_this_here(case: dict[str, Any]) -> None:
    adapter = case.get("adapter", "duckdb")
    names = {"snowflake": {"DB.MAIN.ORDERS": "marts.orders"}, "bigquery": {"`db`.`main`.`orders`": "marts.orders"}}
    translator = Translator(adapter, names.get(adapter, RELATIONS), {"totals": "marts.totals"})
    if "untold" in case:
        with pytest.raises(QueryProblem, match=case["untold"].replace("(", r"\(")):
            translator.translated(case["sql"])
        return
    found = " ".join(translator.translated(case["sql"]).sql.split())
    assert found.replace("( ", "(").replace(" )", ")") == " ".join(case["is"].split())


@cases("failures.yaml")
def test_a_failure_of_dbt_is_told_with_its_place(case: dict[str, Any]) -> None:
    [problem] = problems_in(case["said"], LINK, HERE)
    assert (problem.code, problem.where) == ("J198", case["where"])
    assert problem.what == case.get("what", problem.what)
    assert problem.fix == case.get("fix", problem.fix)
    assert problem.fix
