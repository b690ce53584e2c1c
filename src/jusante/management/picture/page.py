"""A drawing as a page to look around in: hover, pan, zoom, search. It needs no network and no other file."""

from html import escape
from importlib.resources import files

from jusante.management.picture.drawing import Drawing
from jusante.management.picture.svg import svg

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def page(drawing: Drawing, title: str) -> str:
    """The whole document."""
    here = files(__package__)
    style, script = (here.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<input type="search" placeholder="find a table or column" aria-label="find a table or column" autocomplete="off">
<label><input type="checkbox" checked> what decides</label>
<span id="found" role="status"></span>
<button type="button">fit</button>
</header>
<main>
{svg(drawing)}
</main>
<script>{script}</script>
</body>
</html>
"""
