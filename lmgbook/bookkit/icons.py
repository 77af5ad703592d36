"""The icons of the theme's buttons, a few glyphs of Font Awesome, inside one small style sheet.

The theme draws its icons by a script of 1.5 MB on every page. Its style sheet can do the same with
a font, and of that font the pages use a dozen glyphs: they are cut out of the theme's own copy
when the build starts. Icons then also show without JavaScript.
"""

import base64
import io
import re
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset, ttLib  # they come with Matplotlib

# a test holds this list against the built pages
ICONS = (
    "angle-down angle-left angle-right arrow-up bars chevron-down circle-half-stroke download "
    "expand file file-pdf list magnifying-glass moon pencil sun xmark"
).split()
# on the buttons of pages whose repository is known
PUBLISHED, BRANDS = ["rocket"], ["github", "gitlab"]
STATIC = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
FACE = """\
/* A subset of Font Awesome Free, https://fontawesome.com, (c) Fonticons, Inc., SIL OFL 1.1 */
@font-face {{
  font-family: "Font Awesome 6 {family}";
  font-weight: {weight};
  src: url("data:font/woff;base64,{data}") format("woff");
}}
"""


def codepoints():
    """Where the icons stand in the fonts: ours, and those of the theme's admonitions; brands."""
    sheet = (STATIC / "styles" / "pydata-sphinx-theme.css").read_text("utf-8")
    found = {}
    for selectors, code in re.findall(r'([^{}]*):before\{content:"\\([0-9a-f]+)"\}', sheet):
        found |= dict.fromkeys(re.findall(r"\.fa-([\w-]+)", selectors), int(code, 16))
    admonitions = re.findall(r'--pst-icon-[\w-]+:"(.)"', sheet)
    solid = [*(found[name] for name in ICONS + PUBLISHED), *map(ord, admonitions)]
    return solid, [found[name] for name in BRANDS]


def face(name, family, weight, unicodes):
    """A font face with some glyphs of a font and nothing else."""
    options = subset.Options()
    options.layout_features, options.hinting = [], False
    cutter = subset.Subsetter(options)
    path = STATIC / "vendor" / "fontawesome" / "webfonts" / name
    with ttLib.TTFont(path, recalcTimestamp=False) as font:
        cutter.populate(unicodes=unicodes)
        cutter.subset(font)
        font.flavor = "woff"
        small = io.BytesIO()
        font.save(small)
    data = base64.b64encode(small.getvalue()).decode()
    return FACE.format(family=family, weight=weight, data=data)


def style_sheet():
    """The font faces of `ICONS` and of the buttons of a published page."""
    solid, brands = codepoints()
    return "\n".join(
        [
            face("fa-solid-900.ttf", "Free", 900, solid),
            face("fa-brands-400.ttf", "Brands", 400, brands),
        ]
    )


def write(app, config):
    folder = Path(app.srcdir, "_build", "icons")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "icons.css").write_text(style_sheet(), encoding="utf-8")
    config.html_static_path.append("_build/icons")


def setup(app):
    app.connect("config-inited", write)
    app.add_css_file("icons.css")
