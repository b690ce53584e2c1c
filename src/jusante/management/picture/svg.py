"""A drawing as SVG: it needs nothing else, and follows the reader's light or dark scheme."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from itertools import pairwise

from jusante.management.picture.drawing import Box, Drawing, Link
from jusante.management.picture.layout import Layout, Size, Spot, arranged

HEAD = 40.0
"""The height of a box's head."""
ROW = 17.0
"""The height of a row."""
FOOT = 6.0
MARGIN = 24.0
GAP_X, GAP_Y = 110.0, 18.0
LETTER, SMALL_LETTER, ABOUT_LETTER = 7.6, 6.3, 5.7
"""How wide a letter is, at the most, in a head, in a row and in the line below the head."""
NARROWEST, WIDEST = 130.0, 300.0
LEGEND = 34.0

STYLE = """
svg.lineage{--page:#fff;--box:#fff;--line:#c9ced6;--text:#1d2430;--dim:#667080;--direct:#5b6b82;--indirect:#a0763a;--mark:#d6336c;
--ingested:#0b7285;--model:#2b8a3e;--view:#1864ab;--step:#9c36b5;--dashboard:#9a6700;--exposure:#9a6700;
font-family:ui-sans-serif,system-ui,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;background:var(--page)}
@media (prefers-color-scheme:dark){svg.lineage{--page:#14181f;--box:#1c222b;--line:#3a4453;--text:#e6eaf0;--dim:#98a3b3;--direct:#8fa1bb;
--indirect:#d0a263;--mark:#ff7eb0;--ingested:#3bc9db;--model:#69db7c;--view:#74c0fc;--step:#da77f2;--dashboard:#ffd43b;--exposure:#ffd43b}}
svg.lineage .page{fill:var(--page)}
svg.lineage .box rect.frame{fill:var(--box);stroke:var(--line)}
svg.lineage .box .name{font-size:12.5px;font-weight:600;fill:var(--text)}
svg.lineage .box .about,svg.lineage .legend text{font-size:10.5px;fill:var(--dim)}
svg.lineage .row text{font-size:11px;fill:var(--text)}
svg.lineage .row rect{fill:transparent}
svg.lineage .row .ok{fill:var(--model)}
svg.lineage .focus rect{fill:var(--mark);fill-opacity:.16}
svg.lineage path.link{fill:none;stroke:var(--direct);stroke-width:1.1;stroke-opacity:.55}
svg.lineage path.indirect{stroke:var(--indirect);stroke-dasharray:5 4;stroke-width:1;stroke-opacity:.7}
svg.lineage path.assumed{stroke-dasharray:1.5 3.5;stroke-linecap:round}
svg.lineage path.reads{stroke-width:1.6}
"""


def svg(drawing: Drawing) -> str:
    """The whole document."""
    sizes = {box.id: _size(box) for box in drawing.boxes}
    layout = arranged(sizes, {(link.source, link.target) for link in drawing.links}, gap_x=GAP_X, gap_y=GAP_Y)
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN + LEGEND
    boxes = {box.id: box for box in drawing.boxes}
    size = f'width="{width:.0f}" height="{height:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lineage" viewBox="0 0 {width:.0f} {height:.0f}" {size} role="img">',
        f"<title>{escape(_title(drawing))}</title><style>{STYLE}</style>",
        f'<rect class="page" {size}/>',
        *_legend(drawing),
        f'<g class="stage" transform="translate({MARGIN:.0f} {MARGIN + LEGEND:.0f})">',
        *(_path(link, boxes, sizes, layout) for link in _inmost_last(drawing.links)),
        *(part for box in drawing.boxes for part in _drawn(box, sizes[box.id], layout.spots[box.id], drawing.focus)),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def _title(drawing: Drawing) -> str:
    return f"Lineage of {drawing.focus}" if drawing.focus else "Lineage of the whole project"


def _inmost_last(links: Iterable[Link]) -> list[Link]:
    """What decides lies below what flows."""
    return sorted(links, key=lambda link: (link.sort == "direct", link))


# -- boxes ---------------------------------------------------------------------------------------------------------------


def _size(box: Box) -> Size:
    longest = max(
        len(box.id) * LETTER,
        len(box.about) * ABOUT_LETTER,
        *((len(r.label) + 2) * SMALL_LETTER for r in box.rows),
        0,
    )
    width = min(max(longest + 24, NARROWEST), WIDEST)
    return Size(round(width), HEAD + len(box.rows) * ROW + (FOOT if box.rows else 0))


def _drawn(box: Box, size: Size, spot: Spot, focus: str) -> Iterator[str]:
    chosen = " focus" if focus == box.id else ""
    yield f'<g class="box{chosen}" data-box="{_attribute(box.id)}" transform="translate({spot.x:.1f} {spot.y:.1f})">'
    yield f'<rect class="frame" width="{size.width:.0f}" height="{size.height:.0f}" rx="6"/>'
    yield f'<path d="M0 6a6 6 0 0 1 6-6h{size.width - 12:.0f}a6 6 0 0 1 6 6z" fill="var(--{box.kind})"/>'
    yield f'<text class="name" x="12" y="22">{_cut(box.id, size.width - 24, LETTER)}</text>'
    yield f'<text class="about" x="12" y="35">{_cut(box.about, size.width - 24, ABOUT_LETTER)}</text>'
    for number, row in enumerate(box.rows):
        y = HEAD + number * ROW
        chosen = " focus" if focus == f"{box.id}.{row.name}" else ""
        checked = "".join(f"\n✓ {title}" for title in row.checks)
        yield (
            f'<g class="row{chosen}" tabindex="0" data-id="{_attribute(_id(box.id, row.name))}">'
            f"<title>{escape(f'{box.id}.{row.name}{checked}')}</title>"
            f'<rect x="1" y="{y:.1f}" width="{size.width - 2:.0f}" height="{ROW:.0f}"/>'
            f'<text x="12" y="{y + 12.5:.1f}">{_cut(row.label, size.width - 36, SMALL_LETTER)}</text>'
            + (f'<text class="ok" x="{size.width - 20:.0f}" y="{y + 12.5:.1f}">✓</text>' if row.checks else "")
            + "</g>"
        )
    yield "</g>"


def _cut(text: str, width: float, letter: float) -> str:
    """A text as far as there is room for it."""
    room = int(width / letter)
    return escape(text if len(text) <= room else text[: room - 1] + "…")


def _attribute(text: str) -> str:
    return escape(text, quote=True)


def _id(box: str, row: str) -> str:
    return f"{box}\t{row}" if row else box


# -- links ---------------------------------------------------------------------------------------------------------------


def _path(link: Link, boxes: Mapping[str, Box], sizes: Mapping[str, Size], layout: Layout) -> str:
    start, end = layout.spots[link.source], layout.spots[link.target]
    here = Spot(start.x + sizes[link.source].width, start.y + _height(boxes[link.source], link.source_row))
    there = Spot(end.x, end.y + _height(boxes[link.target], link.target_row))
    points = [here, *layout.ways.get((link.source, link.target), ()), there]
    d = [f"M{here.x:.1f} {here.y:.1f}"]
    for number, (one, other) in enumerate(pairwise(points)):
        if number % 2:  # along a layer that it passes
            d.append(f"L{other.x:.1f} {other.y:.1f}")
        else:
            half = (other.x - one.x) / 2
            d.append(f"C{one.x + half:.1f} {one.y:.1f} {other.x - half:.1f} {other.y:.1f} {other.x:.1f} {other.y:.1f}")
    what = f"{link.source}.{link.source_row or '*'} → {link.target}.{link.target_row or '*'}: {_words(link)}"
    return (
        f'<path class="link {link.sort}" data-from="{_attribute(_id(link.source, link.source_row))}" '
        f'data-to="{_attribute(_id(link.target, link.target_row))}" d="{"".join(d)}"><title>{escape(what)}</title></path>'
    )


def _words(link: Link) -> str:
    return f"{link.how}, assumed" if link.sort == "assumed" else link.how


def _height(box: Box, row: str) -> float:
    """Where the links of a row begin and end; those of the box itself at its head."""
    for number, each in enumerate(box.rows):
        if row and each.name == row:
            return HEAD + number * ROW + ROW / 2
    return HEAD / 2


# -- legend --------------------------------------------------------------------------------------------------------------


def _legend(drawing: Drawing) -> Iterator[str]:
    """What the colours and lines in it mean, those that occur."""
    x = MARGIN
    yield f'<g class="legend" transform="translate(0 {MARGIN:.0f})">'
    for kind in dict.fromkeys(sorted(box.kind for box in drawing.boxes)):
        yield f'<rect x="{x:.0f}" y="-8" width="10" height="10" rx="2" fill="var(--{kind})"/>'
        yield f'<text x="{x + 15:.0f}" y="1">{kind}</text>'
        x += 30 + len(kind) * SMALL_LETTER
    words = {
        "direct": "values come from",
        "indirect": "decides (filter, join, group …)",
        "assumed": "not known, assumed",
        "reads": "reads",
    }
    for sort, said in words.items():
        if any(link.sort == sort for link in drawing.links):
            yield f'<path class="link {sort}" style="stroke-opacity:1" d="M{x:.0f} -3h26"/>'
            yield f'<text x="{x + 32:.0f}" y="1">{said}</text>'
            x += 50 + len(said) * SMALL_LETTER
    if any(row.checks for box in drawing.boxes for row in box.rows):
        yield f'<text x="{x:.0f}" y="1">✓ a check looks at it</text>'
    yield "</g>"
