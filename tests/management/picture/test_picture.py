"""The picture of the lineage: boxes never overlap, links lead onward, and the files need nothing else."""

import itertools
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jusante.app import Lake
from jusante.management.picture import Drawing, drawn, drawn_of_column, page, svg
from jusante.management.picture.drawing import Box, Link, Row
from jusante.management.picture.layout import Size, _inversions, _stacked, arranged
from projects import run, write_shop

GAP_X, GAP_Y = 40.0, 10.0


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, Size], list[tuple[str, str]]]:
    """Boxes of many sizes, and links that only lead from earlier to later ones."""
    names = [f"b{number}" for number in range(draw(st.integers(1, 14)))]
    sizes = {name: Size(draw(st.integers(50, 200)), draw(st.integers(20, 300))) for name in names}
    pairs = list(itertools.combinations(names, 2))
    links = draw(st.lists(st.sampled_from(pairs), max_size=30)) if pairs else []
    return sizes, links


@given(graphs())
@settings(deadline=None, max_examples=60)
def test_no_box_stands_over_another(graph: tuple[dict[str, Size], list[tuple[str, str]]]) -> None:
    sizes, links = graph
    layout = arranged(sizes, links, gap_x=GAP_X, gap_y=GAP_Y)
    assert layout.spots.keys() == sizes.keys()
    for one, other in itertools.combinations(sizes, 2):
        a, b = layout.spots[one], layout.spots[other]
        beside = a.x + sizes[one].width + GAP_X <= b.x or b.x + sizes[other].width + GAP_X <= a.x
        apart = a.y + sizes[one].height + GAP_Y <= b.y + 1e-6 or b.y + sizes[other].height + GAP_Y <= a.y + 1e-6
        assert beside or apart, (one, other)


@given(graphs())
@settings(deadline=None, max_examples=60)
def test_every_link_leads_onward_and_passes_no_box(graph: tuple[dict[str, Size], list[tuple[str, str]]]) -> None:
    sizes, links = graph
    layout = arranged(sizes, links, gap_x=GAP_X, gap_y=GAP_Y)
    for one, other in links:
        points = layout.ways[one, other]
        xs = [layout.spots[one].x + sizes[one].width, *(point.x for point in points), layout.spots[other].x]
        assert xs == sorted(xs)
        for (left, right), name in itertools.product(zip(points[::2], points[1::2], strict=True), sizes):
            spot, size = layout.spots[name], sizes[name]
            inside = spot.x < right.x and left.x < spot.x + size.width
            assert not (inside and spot.y < left.y < spot.y + size.height), "it lies over a box that it only passes"


@given(graphs())
@settings(deadline=None, max_examples=30)
def test_everything_lies_within_the_picture_and_the_same_graph_gives_the_same_one(
    graph: tuple[dict[str, Size], list[tuple[str, str]]],
) -> None:
    sizes, links = graph
    layout = arranged(sizes, links, gap_x=GAP_X, gap_y=GAP_Y)
    for name, spot in layout.spots.items():
        assert 0 <= spot.x <= layout.width - sizes[name].width + 1e-6
        assert -1e-6 <= spot.y <= layout.height - sizes[name].height + 1e-6
    assert layout == arranged(sizes, links[::-1], gap_x=GAP_X, gap_y=GAP_Y)


@given(st.lists(st.integers(0, 9)))
def test_crossings_are_pairs_the_wrong_way_round(values: list[int]) -> None:
    assert _inversions(values, 10) == sum(one > other for one, other in itertools.combinations(values, 2))


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(1, 90)), max_size=12))
def test_boxes_stay_where_they_want_to_be_where_there_is_room(wanted: list[tuple[float, float]]) -> None:
    tops = _stacked([want for want, _ in wanted], [height for _, height in wanted], 5.0)
    for (top, lower), (_, height) in zip(itertools.pairwise(tops), wanted, strict=False):
        assert lower - top >= height + 5.0 - 1e-6
    fits = all(b[0] - a[0] >= a[1] + 5.0 for a, b in itertools.pairwise(wanted))
    if fits:
        assert tops == pytest.approx([want for want, _ in wanted])


def test_links_in_a_circle_are_refused() -> None:
    sizes = {"a": Size(1, 1), "b": Size(1, 1)}
    with pytest.raises(ValueError, match="circle"):
        arranged(sizes, [("a", "b"), ("b", "a")], gap_x=1, gap_y=1)


# -- files ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_shop(tmp_path_factory.mktemp("picture"))
    run(folder)
    return folder


def drawing_of(folder: Path) -> Drawing:
    with Lake.open(folder) as lake:
        return drawn(lake.project.graph, lake.columns, set(lake.project.graph.ids))


def test_each_asset_is_a_box_and_each_column_a_row(shop: Path) -> None:
    boxes = {box.id: box for box in drawing_of(shop).boxes}
    assert [row.name for row in boxes["marts.priced"].rows] == ["id", "product", "quantity", "price"]
    assert {row.name: row.checks for row in boxes["marts.priced"].rows}["quantity"] == ("quantity positive",)
    assert boxes["files.prices"].about == "ingested from files · files@b.example"


def test_what_flows_what_decides_and_what_is_assumed_are_told_apart(shop: Path) -> None:
    links = {(link.source, link.source_row, link.target, link.target_row): link.sort for link in drawing_of(shop).links}
    assert links["marts.priced", "price", "marts.by_product", "revenue"] == "direct"
    assert links["marts.by_product", "revenue", "marts.dear", ""] == "indirect"
    assert links["files.prices", "price", "marts.names", "product"] == "assumed"


def test_a_column_is_drawn_with_what_is_above_and_below_it_and_nothing_else(shop: Path) -> None:
    with Lake.open(shop) as lake:
        column = lake.column("marts.by_product.revenue")
        assert column
        steps = (*lake.columns.above([column]), *lake.columns.below([column]))
        drawing = drawn_of_column(lake.project.graph, lake.columns, column, steps)
    rows = {box.id: [row.name for row in box.rows] for box in drawing.boxes}
    assert rows["shop.orders"] == ["product", "quantity"]
    assert "marts.names" not in rows
    assert 'class="row focus"' in svg(drawing)


def test_the_picture_is_whole_xml_with_a_link_for_each_edge(shop: Path) -> None:
    drawing = drawing_of(shop)
    root = ET.fromstring(svg(drawing))
    paths = [each for each in root.iter("{http://www.w3.org/2000/svg}path") if "data-from" in each.attrib]
    assert len(paths) == len(drawing.links)


def test_names_cannot_break_out_of_the_picture() -> None:
    evil = '"><script>alert(1)</script>&'
    box = Box(evil, "model", evil, (Row(evil, evil, (evil,)),))
    other = Box("a.b", "model", "", ())
    text = page(Drawing((box, other), (Link(evil, evil, "a.b", "", "direct", evil),)), evil)
    assert "<script>alert" not in text
    ET.fromstring(svg(Drawing((box, other), (Link(evil, evil, "a.b", "", "direct", evil),))))


def test_the_page_asks_nothing_of_any_network(shop: Path) -> None:
    text = page(drawing_of(shop), "shop")
    assert "default-src 'none'" in text
    addresses = set(re.findall(r"https?://[^\s\"'<>]+", text)) - {"http://www.w3.org/2000/svg"}
    assert not addresses
    assert not re.search(r"(src|href)=", text)


def test_too_many_columns_share_a_row_and_lose_no_link() -> None:
    from jusante.core.asset import Asset, Ingested
    from jusante.core.column_graph import ColumnGraph
    from jusante.core.graph import Graph
    from jusante.core.lineage import Edge, Origin, QueryLineage
    from jusante.core.model import Model, Query, SqlModel
    from jusante.core.place import Place
    from jusante.core.source import Source, SourceTable

    wide = [f"c{number}" for number in range(40)]
    source = Asset("a.t", Place("s", 1), (), Ingested(Source(source="a", kind="files"), SourceTable(), "t"))
    model = Asset("b.m", Place("m", 1), ("a.t",), SqlModel(Model(), Query("", ("a.t",), "")))
    made = {name: frozenset({Edge(Origin("a.t", name), "identity")}) for name in wide[20:]}
    columns = ColumnGraph({"a.t": QueryLineage(dict.fromkeys(wide, frozenset())), "b.m": QueryLineage(made)})
    drawing = drawn(Graph([source, model]), columns, {"a.t", "b.m"})
    rows = {box.id: [row.label for row in box.rows] for box in drawing.boxes}
    assert rows["a.t"] == [*wide[20:31], "… 29 more columns"], "those that something is made of come first"
    assert {row.name for box in drawing.boxes if box.id == "b.m" for row in box.rows} >= {
        link.target_row for link in drawing.links
    }


@pytest.mark.parametrize("name", ["all.svg", "all.html"])
def test_the_command_writes_the_file(shop: Path, tmp_path: Path, name: str) -> None:
    command = [sys.executable, "-m", "jusante", "lineage", "--picture", str(tmp_path / name), "--project", str(shop)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "6 assets" in told
    assert "marts.by_product" in (tmp_path / name).read_text()


def test_another_kind_of_file_is_refused(shop: Path) -> None:
    command = [sys.executable, "-m", "jusante", "lineage", "--picture", "x.pdf", "--project", str(shop)]
    told = subprocess.run(command, check=False, capture_output=True, text=True)
    assert told.returncode == 2
    assert "x.pdf is no picture" in told.stderr
