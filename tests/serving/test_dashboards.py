"""Dashboards: one page without a network, a picture beside it, and nothing in the data that can become code."""

import re
import struct
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from jusante.app import Lake
from projects import run, task, write, write_shop

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&\"'\u2028"

DASHBOARD = """dashboard: {name}
title: "Sales {hostile}"
owner: growth@b.example
rows:
  - - {{chart: number, title: Orders, value: n, format: ",d", sql: "select count(*) as n from shop.orders"}}
    - {{chart: bar, title: By product, x: product, y: revenue, sql: "select * from marts.by_product"}}
  - - {{chart: table, title: Orders, sql: "select * from shop.orders order by id"}}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with hostile names in its data, in its dashboard and in its prices."""
    folder = write_shop(tmp_path_factory.mktemp("boards"))
    from projects import insert

    insert(folder, [(50, HOSTILE, 1, 50)])
    write(folder, {"prices_2.csv": 'product,price\n"' + HOSTILE.replace('"', '""') + '",1.0\n'})
    shown = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
    write(folder, {"dashboards/sales.yaml": DASHBOARD.format(name="sales", hostile=shown)})
    report = run(folder)
    assert task(report, "dashboard:sales").status == "succeeded", report
    return folder


def page(folder: Path, name: str = "sales") -> str:
    with Lake.open(folder) as lake:
        return (lake.settings.dashboards / f"{name}.html").read_text(encoding="utf-8")


def test_what_stands_in_data_and_titles_is_text_and_never_code(shop: Path) -> None:
    html = page(shop)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;alert(1)" in html
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert data is not None
    assert "<" not in data[1]


def test_a_page_names_no_address_and_allows_no_script_but_its_own(shop: Path) -> None:
    html = page(shop)
    outside = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", outside)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; ")
    assert "'unsafe-inline'" not in policy[1].partition("script-src")[2]
    import base64
    import hashlib

    for script in re.findall(r"<script>(.*?)</script>", html, re.DOTALL):
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy[1]


def test_figures_tables_and_sources_are_in_the_page_itself(shop: Path) -> None:
    html = page(shop)
    assert '<p class="figure">5</p>' in html
    assert "<th class=n>quantity</th>" in html
    assert "shop.orders, as of " in html


def test_the_picture_is_a_png_as_wide_as_said(shop: Path) -> None:
    with Lake.open(shop) as lake:
        content = (lake.settings.dashboards / "sales.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    assert width == 2800
    assert height > 1000


def test_one_bad_chart_leaves_the_others_standing(shop: Path) -> None:
    broken = DASHBOARD.format(name="broken", hostile="").replace("value: n", "value: m")
    write(shop, {"dashboards/broken.yaml": broken})
    built = task(run(shop), "dashboard:broken")
    (shop / "dashboards/broken.yaml").unlink()
    assert built.status == "failed" or any("m" in notice for notice in built.notices)
    if built.status == "succeeded":
        assert "By product" in page(shop, "broken")


def test_a_chart_of_too_many_rows_is_cut_and_says_so(shop: Path) -> None:
    from jusante.serving.dashboards.values import MOST_ROWS

    text = (
        "dashboard: many\ntitle: Many\nrows:\n  - - {chart: point, title: Dots, x: i, y: j,"
        f' sql: "select i, i * 7 % 100 as j from range({MOST_ROWS + 5}) as t(i), shop.orders where id = 1"}}\n'
    )
    write(shop, {"dashboards/many.yaml": text})
    assert task(run(shop), "dashboard:many").status == "succeeded"
    assert f"The first {MOST_ROWS:,} of {MOST_ROWS + 5:,} rows are shown." in page(shop, "many")
    (shop / "dashboards/many.yaml").unlink()


def test_a_specification_cannot_fetch_anything(shop: Path) -> None:
    """A raw Vega-Lite chart that names an address: nobody asks there, neither for the page nor for the picture."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    text = (
        "dashboard: fetch\ntitle: Fetch\nrows:\n  - - {chart: vega, title: A, sql: 'select 1 as a from shop.orders',"
        f" spec: {{data: {{url: 'http://127.0.0.1:{server.server_port}/x.csv'}}, mark: point}}}}\n"
        f"    - {{chart: vega, title: B, sql: 'select 1 as a from shop.orders', spec: {{layer: [{{mark: point,"
        f" data: {{url: 'http://127.0.0.1:{server.server_port}/y.csv'}}}}]}}}}\n"
    )
    write(shop, {"dashboards/fetch.yaml": text})
    run(shop)
    (shop / "dashboards/fetch.yaml").unlink()
    server.shutdown()
    server.server_close()
    thread.join()
    assert asked == []


def test_a_dashboard_is_drawn_anew_only_when_its_data_or_itself_changed(shop: Path) -> None:
    run(shop)
    assert task(run(shop), "dashboard:sales").status == "skipped"
    write(shop, {"prices_2.csv": (shop / "prices_2.csv").read_text() + "pot,12.00\n"})
    report = run(shop)
    assert task(report, "dashboard:sales").status in {"succeeded", "skipped"}
    from projects import insert

    insert(shop, [(51, "tea", 1, 51)])
    assert task(run(shop), "dashboard:sales").status == "succeeded"
