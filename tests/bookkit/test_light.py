"""Pages on a diet: one style sheet, one script, figures with a size; what is needed stays."""

import struct

import pytest

from lmgbook.bookkit import prune
from lmgbook.bookkit.light import lighten

PAGE = """<html><head>
<link href="{up}_static/styles/theme.css" rel="stylesheet" />
<link rel="stylesheet" type="text/css" href="{up}_static/house.css?v=1" />
<link rel="stylesheet" type="text/css" href="{up}_static/sphinx-thebe.css?v=1" />
<script src="{up}_static/documentation_options.js?v=1"></script>
<script src="{up}_static/first.js?v=1"></script>
<script>OPTIONS.page = "{name}";</script>
<link rel="icon" href="{up}_static/icon.svg"/>
</head><body>
<script type="text/x-thebe-config">{{}}</script>
<script>kernelName = 'python3'</script>
{body}
<script defer src="{up}_static/scripts/last.js"></script>
</body></html>"""
FILES = {
    "_static/basic.css": "a { background: url(dot.png) }",
    "_static/styles/theme.css": '@charset "UTF-8";\n@import "../basic.css";\n'
    "b { background: url(../deep/line.png) }\n/*# sourceMappingURL=theme.css.map */",
    "_static/house.css": "c { color: red } .is-gone, .by-script { top: 0 } .is-gone { top: 0 }",
    "_static/sphinx-thebe.css": "d { color: red }",
    "_static/documentation_options.js": "const OPTIONS = {};",
    "_static/first.js": "one('by-script');\n//# sourceMappingURL=first.js.map",
    "_static/first.js.map": "{}",
    "_static/styles/theme.css.map": "{}",
    "_static/scripts/fontawesome.js": "icons()",
    "_static/scripts/last.js": '"use strict"; two()',
    "_static/scripts/last.js.LICENSE.txt": "MIT",
    "_static/deep/line.png": "",
    "_static/dot.png": "",
    "_static/icon.svg": "",
    "_static/locales/de/words.mo": "",
    "_static/searchtools.js": "search()",
    "searchindex.js": "index()",
}
FIGURES = '<img alt="a" src="../_images/a.png" />\n<img alt="b > a" src="../_images/b.svg" />'
SEARCH = '<script src="_static/searchtools.js"></script><script src="searchindex.js"></script>'


@pytest.fixture
def light(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "_images").mkdir()
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480)
    (tmp_path / "_images" / "a.png").write_bytes(png)
    svg = '<?xml version="1.0"?>\n<svg xmlns="x" width="360pt" height="180pt" viewBox="0 0 1 1">'
    (tmp_path / "_images" / "b.svg").write_text(svg)
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "p.html").write_text(PAGE.format(up="../", name="p", body=FIGURES))
    (tmp_path / "search.html").write_text(PAGE.format(up="", name="search", body=SEARCH))
    (tmp_path / "index.html").write_text("<html>a front door</html>")
    lighten(tmp_path)
    return tmp_path


def test_one_style_sheet(light):
    (sheet,) = light.glob("_static/*.css")
    text = sheet.read_text()
    rules = ["url(dot.png)", "url(deep/line.png)", "c{ color: red }", ".by-script{ top: 0 }"]
    assert sorted(map(text.index, rules)) == list(map(text.index, rules))
    assert not [gone for gone in ("@import", "sourceMapping", "d{", "is-gone") if gone in text]
    assert f'href="../_static/{sheet.name}"' in (light / "book" / "p.html").read_text()


def test_one_script(light):
    page = (light / "book" / "p.html").read_text()
    (script,) = light.glob("_static/book.*.js")
    assert page.count("<script defer src=") == 1
    assert f'<script defer src="../_static/{script.name}"></script>' in page
    # a script of the page may use the names at once
    assert page.index("const OPTIONS") < page.index("OPTIONS.page")
    text = script.read_text()
    assert text.index("one(") < text.index("two()") and "sourceMapping" not in text
    assert not text.lstrip(";").startswith('"use strict"') and "thebe" not in page


def test_a_page_keeps_scripts_of_its_own_in_order(light):
    page = (light / "search.html").read_text()
    places = [
        page.index(f'<script defer src="{name}') for name in ("_static/book", "_static/search")
    ]
    assert places < [*places[1:], page.index('<script defer src="searchindex.js"')]
    assert places == sorted(places)


def test_figures_have_their_size_and_wait(light):
    first, second = [
        line for line in (light / "book" / "p.html").read_text().split("\n") if "<img" in line
    ]
    assert 'width="640" height="480"' in first and "lazy" not in first
    assert 'width="480" height="240"' in second and 'loading="lazy"' in second
    assert 'alt="b > a"' in second


def test_only_what_is_named_stays(light):
    left = {path.relative_to(light).as_posix() for path in light.rglob("*") if path.is_file()}
    left = {name for name in left if name.startswith("_static/") and "/book." not in name}
    assert left == {
        "_static/scripts/last.js.LICENSE.txt",
        "_static/deep/line.png",
        "_static/dot.png",
        "_static/icon.svg",
        "_static/searchtools.js",
    }
    assert not (light / "_static" / "locales").exists()


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (".here{a:b}", ".here{a:b}"),
        (".here .gone{a:b}", ""),
        (".gone, p .here{a:b}", "p .here{a:b}"),
        (".here:not(.gone, .gone:is(.gone)){a:b}", None),
        (".here:is(.gone, .here), .gone{a:b}", ".here:is(.gone, .here){a:b}"),
        ("@media print{.gone{a:b}}", ""),
        ("@media print{.gone{a:b} p{c:d}}", "@media print{p{c:d}}"),
        ('@font-face{src:url("x;{")}', None),
        ('.here::before{content:"}"}', None),
        ("/* (c) somebody */ .gone{a:b}", "/* (c) somebody */"),
        (".bs-tooltip-top{a:b}", None),
        ("p{--x: 1; a[.gone]{b:c}}", None),
    ],
)
def test_rules_for_what_is_not_there_go(rule, kept):
    assert prune.prune(rule, {"here"}) == (rule if kept is None else kept)


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        ('html[data-theme="dark"] a{b:c}', ["screen and (prefers-color-scheme:dark)", " a{b:c}"]),
        (":is(html, body)[data-theme=light]{b:c}", ["print,(prefers-color-scheme:light)", "{b:c}"]),
        ("p,html[data-theme=dark] a{b:c}", ["screen and (prefers-color-scheme:dark)", " a{b:c}"]),
        ("p{b:c}", None),
        ("/* (c) one, two */\n@import x;", None),
    ],
)
def test_without_a_script_the_colours_follow_the_system(rule, more):
    copy = more and f"\n@media {more[0]}{{html:not([data-theme]){more[1]}}}"
    assert prune.without_script(rule) == rule + (copy or "")


def test_an_open_brace_is_an_error():
    with pytest.raises(ValueError):
        prune.prune("p{a:b", set())
