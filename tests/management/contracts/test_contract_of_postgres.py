"""The contract of a PostgreSQL: its own types, nullability and keys are drafted, and what it breaks is found."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from agreed import broken_promises

from jusante.app import Lake
from jusante.app.contracts import init_contract
from projects import write
from servers import Postgres

DATABASE = "contracts"
TABLE = """
create table orders (id bigint primary key, code uuid not null, amount numeric(12,2) not null, note varchar(30),
    at timestamptz not null, day date, paid boolean not null, kind smallint, tags text[]);
insert into orders values (1, gen_random_uuid(), 1.5, null, now(), now(), true, 3, array['a']);
"""


@pytest.fixture(scope="module")
def server(postgres_server: Postgres) -> Iterator[Postgres]:
    postgres_server.run(f"create database {DATABASE}")
    yield postgres_server
    postgres_server.run(f"drop database {DATABASE} with (force)")


def test_a_database_is_drafted_as_it_is_and_held_to_it(
    server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.run(TABLE, DATABASE)
    monkeypatch.setenv("SHOP_URL", server.url(DATABASE))
    write(
        tmp_path,
        {
            "jusante.yaml": "name: s\n",
            "sources/shop.yaml": (
                "source: shop\nkind: postgres\nconnection: ${env:SHOP_URL}\nowner: shop@b.example\n"
                "tables:\n  orders: {key: [id]}\n"
            ),
        },
    )
    with Lake.open(tmp_path) as lake:
        init_contract(lake.system, "shop")
    with Lake.open(tmp_path) as lake:
        orders = lake.project.contracts["shop"].table("orders")
    assert orders is not None
    told = {column.name: (column.type, column.nullable) for column in orders.columns}
    assert told["code"] == ("uuid", False)
    assert told["amount"] == ("decimal(12,2)", False)
    assert told["note"] == ("string", True)
    assert told["at"] == ("timestamptz", False)
    assert (told["day"], told["paid"], told["kind"]) == (("date", True), ("boolean", False), ("int", True))
    assert orders.key == ("id",)
    assert broken_promises(tmp_path) == {}
    changes = "alter column amount type numeric(14,3), alter column paid drop not null, drop column day"
    server.run(
        f"alter table orders {changes}; insert into orders (id, code, amount, at) values (2, gen_random_uuid(), 2, now())",
        DATABASE,
    )
    assert broken_promises(tmp_path) == {
        "orders.amount": ["it is decimal(14,3), and decimal(12,2) is promised"],
        "orders.day": ["it is promised, and the source does not have it"],
        "orders.paid": ["never null: does not hold, 1 found"],
    }
