"""Contracts that break the standard: each violation told once, all at once, with its line and what to write."""

from pathlib import Path

import pytest

from jusante import app
from projects import write, write_shop

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: shop\nversion: 1.0.0\n"
OWNER = "team: {name: shop, members: [{username: shop@b.example, role: owner}]}\n"
TABLE = "schema:\n  - name: orders\n    properties:\n"

# The contract below HEAD and OWNER (its own lines count from 6), and what is told: line, words of it, words of the fix.
FAULTS = [
    ("foo: 1\n", [(6, "foo is no key of the contract", "customProperties")]),
    (TABLE + "      - {name: id, logicalType: intgr}\n", [(9, "'intgr' is not a value", "did you mean integer?")]),
    (TABLE + "      - {name: id, requierd: true}\n", [(9, "requierd is no key", "did you mean required?")]),
    (TABLE + "      - {nme: id}\n", [(9, "nme is no key", "did you mean name?"), (9, "lacks name", "write name")]),
    (
        TABLE + "      - {name: id, quality: [{metric: nullValue, mustBe: 0}]}\n",
        [(9, "'nullValue' is not a value", "did you mean nullValues?")],
    ),
    (TABLE + "      - {name: id, quality: [{metric: nullValues}]}\n", [(9, "lacks one of mustBe", "mustBe: …")]),
    (
        TABLE + "      - {name: id, quality: [{metric: nullValues, mustBe: 0, mustBeLessThan: 2}]}\n",
        [(9, "has mustBe and mustBeLessThan", "keep one")],
    ),
    (TABLE + "      - {name: id, quality: [{type: sql, mustBe: 0}]}\n", [(9, "lacks query", "write query")]),
    (
        TABLE + "      - {name: id, logicalType: string, logicalTypeOptions: {maxLength: a}}\n",
        [(9, "maxLength: this is not a whole number", "")],
    ),
    (
        TABLE + "      - {name: id, logicalType: intgr}\nstatus: 1\nprice: {priceAmout: 3}\n",
        [(9, "intgr", "integer"), (10, "status: this is not a text", ""), (11, "priceAmout is no key", "priceAmount")],
    ),
]


@pytest.mark.parametrize(("text", "told"), FAULTS, ids=[told[0][1] for _, told in FAULTS])
def test_what_breaks_the_standard_is_told_with_its_line(
    tmp_path: Path, text: str, told: list[tuple[int, str, str]]
) -> None:
    write(write_shop(tmp_path), {"contracts/shop.odcs.yaml": HEAD + OWNER + text})
    _, problems = app.check(tmp_path)
    found = [problem for problem in problems if problem.where.startswith("contracts/")]
    assert len(found) == len(told), found
    for problem, (line, what, fix) in zip(found, told, strict=True):
        assert (problem.code, problem.where) == ("J155", f"contracts/shop.odcs.yaml:{line}")
        assert what in problem.what
        assert fix in problem.fix


def test_what_the_standard_allows_and_is_not_used_here_is_left_alone(tmp_path: Path) -> None:
    rest = (
        "domain: sales\ntenant: b\ndataProduct: orders\nprice: {priceAmount: 9.95, priceCurrency: EUR}\n"
        "support: [{channel: '#data', tool: slack, url: 'https://chat.b.example'}]\nroles: [{role: reader, access: read}]\n"
        "customProperties: [{property: costCentre, value: 7}]\n"
        "servers: [{server: prod, type: postgres, host: h, port: 5432, database: d, schema: public}]\n"
    )
    columns = "      - {name: id, logicalType: integer, partitioned: false, examples: [1], criticalDataElement: true}\n"
    write(write_shop(tmp_path), {"contracts/shop.odcs.yaml": HEAD + OWNER + rest + TABLE + columns})
    assert not [problem for problem in app.check(tmp_path)[1] if problem.severity == "error"]


def test_an_older_standard_is_refused(tmp_path: Path) -> None:
    text = HEAD.replace("v3.1.0", "v2.2.2") + OWNER
    write(write_shop(tmp_path), {"contracts/shop.odcs.yaml": text})
    assert "is not one of ODCS 3" in app.check(tmp_path)[1][0].what
