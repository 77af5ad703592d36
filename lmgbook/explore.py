"""Figures to play with: one call serves the published page and the live notebook.

On the published page (`LMGBOOK_STATIC=1` in the environment of the build) a reader steps through
frames drawn beforehand: plain HTML and CSS, a group of radio buttons that looks like a slider, no
script and no kernel. With a live kernel the same call gives an ordinary widget slider.
"""

import gzip
import html
import io
import os
import re
from numbers import Real

import matplotlib.pyplot as plt

from .checks import finite, function, instance, listed

#: Limits of one viewer, so that a page stays light: steps, bytes as they are, bytes after gzip.
MAX_STEPS, MAX_RAW, MAX_GZIP = 28, 600_000, 100_000

# ids given out in this kernel, so that two viewers of a page never share one
_names: set[str] = set()


def steps(draw, values, label, *, alt, format="{:g}", name=None, start=None, live=None):
    """Let the reader step a figure through the values of one parameter.

    Parameters
    ----------
    draw : callable
        `draw(value)` draws one frame: it returns a matplotlib Figure, or leaves it as the current
        one.
    values : sequence of float or str
        Values of the parameter, 2 to 28 of them, in the order of the slider.
    label : str
        Name of the parameter with its unit, plain text.
    alt : callable
        `alt(value)` says in words what this frame shows.
    format : str
        How a value is written, a `str.format` template.
    name : str, optional
        Id of the viewer, unique on its page: letters, digits, hyphens. Default: from `label`.
    start : float or str, optional
        Value shown first; default the middle one.
    live : (float, float, float), optional
        With a live kernel: lowest value, highest value and step of a free slider; `draw` and `alt`
        must then accept any value in between. Without it the live slider offers `values`.

    Returns
    -------
    Viewer or ipywidgets.VBox
        The frames on a published page (or where ipywidgets is missing), a widget otherwise.

    Raises
    ------
    ValueError
        If there are fewer than 2 or more than 28 values, if two look the same when written, if
        `start` is none of them, if an alternative text is missing, or if the frames weigh more
        than 600 kB (100 kB after gzip).
    """
    values = listed("values", values)
    function("draw", draw), function("alt", alt)
    instance("label", label, str), instance("format", format, str)
    if name is not None:
        instance("name", name, str)
    if not 2 <= len(values) <= MAX_STEPS:
        raise ValueError(f"values: {len(values)} steps, must be 2 to {MAX_STEPS}")
    readings = [_reading(format, value, "values") for value in values]
    if len(set(readings)) < len(readings):
        raise ValueError(f"format = {format!r}: writes two values alike: {', '.join(readings)}")
    start = values[len(values) // 2] if start is None else start
    # compared as written: 0.6 and 3 * 0.2 are the same step
    if _reading(format, start, "start") not in readings:
        raise ValueError(f"start = {start!r}: must be one of the values {', '.join(readings)}")
    first = readings.index(_reading(format, start, "start"))
    if live is not None:
        live = _live_range(live)
    if os.environ.get("LMGBOOK_STATIC") != "1":
        try:
            return _widget(draw, values, readings, label, alt, first, live)
        except ImportError:
            pass  # a kernel without ipywidgets still gets the frames
    frames = [
        (reading, *_frame(draw, value, alt))
        for reading, value in zip(readings, values, strict=True)
    ]
    return Viewer(frames, label, _identifier(name, label), first)


def _reading(format, value, name):
    try:
        return format.format(value)
    except Exception:  # whatever a template does to a value that is not its kind
        raise TypeError(f"{name}, {value!r}: cannot be written by format = {format!r}") from None


class Viewer:
    """Frames behind a group of radio buttons, shown by a notebook as HTML; made by `steps`.

    Parameters
    ----------
    frames : list of (str, str, str)
        Reading, SVG text and alternative text of each frame.
    label : str
        Name of the parameter.
    identifier : str
        HTML id.
    first : int
        Index of the frame shown first.

    Raises
    ------
    ValueError
        If the HTML is heavier than allowed.
    """

    def __init__(self, frames, label, identifier, first):
        self.label, self.length = label, len(frames)
        self.html = _page(frames, label, identifier, first)
        raw = len(self.html.encode())
        packed = len(gzip.compress(self.html.encode(), mtime=0))
        for size, limit, kind in ((raw, MAX_RAW, ""), (packed, MAX_GZIP, " after gzip")):
            if size > limit:
                raise ValueError(
                    f"explore.steps {identifier!r}: {size / 1000:.0f} kB{kind} in {len(frames)} "
                    f"frames, must be <= {limit / 1000:.0f} kB; draw fewer points, or rasterize"
                )

    def _repr_html_(self):
        return self.html

    def __repr__(self):
        return f"<{self.length} frames: {self.label}>"


# --- the published page -------------------------------------------------------------------------


def _draw(draw, value):
    figure = draw(value)
    return plt.gcf() if figure is None else figure


def _describe(alt, value):
    text = alt(value)
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"alt({value!r}) = {text!r}: must say in words what the frame shows")
    return " ".join(text.split())


def _frame(draw, value, alt):
    description = _describe(alt, value)
    figure = _draw(draw, value)
    buffer = io.StringIO()
    with plt.rc_context({"svg.hashsalt": "lmgbook"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return _slim(buffer.getvalue()), description


def _slim(svg):
    """Drop what a picture does not need, and the digits that no eye can see.

    A frame of Matplotlib is half letters, drawn to 1/600 of a point, and a quarter names.
    """
    svg = svg[svg.index("<svg") :].replace("xlink:href", "href")
    svg = svg.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    names = {name: f"i{count}" for count, name in enumerate(re.findall(r'\bid="([^"]+)"', svg))}
    svg = re.sub(
        r'(\bid="|#)([^")]+)(?=["\)])',
        lambda match: match[1] + names.get(match[2], match[2]),  # colours begin with # too
        svg,
    )
    svg = re.sub(r'\bd="([^"]*)"( transform="scale\(0\.015625\)")?', _outline, svg)
    svg = re.sub(
        r'\b(points|x|y|cx|cy|width|height|transform)="([^"]*)"',
        lambda match: f'{match[1]}="{_round(match[2])}"',
        svg,
    )
    svg = re.sub(r"([:;]) (?=[^<>]*>)", r"\1", re.sub(r"\s+", " ", svg))
    return re.sub(r"> <", "><", svg).strip()


def _outline(match):
    """Rewrite a path with relative steps on a grid of 1/100 (letters: see below)."""
    path, letter = match.groups()
    # letters come in 1/64 of a unit; a quarter of a unit is still 1/30 of a point on the page
    grid = 1 / 16 if letter else 100
    parts, here, begin, last = [], (0, 0), (0, 0), ""
    for command, numbers in re.findall(r"([MLQCz])([^MLQCz]*)", path):
        ends = [round(float(number) * grid) for number in numbers.split()]
        steps = [end - here[index % 2] for index, end in enumerate(ends)]
        # l, q and c hold for all points that follow; z returns to where m began
        parts.append("" if command == last and command in "LQC" else command.lower())
        for step in steps:
            number = f"{step}" if letter else _short(step / 100)
            glued = number.startswith("-") or parts[-1].isalpha()
            parts.append(number if glued else f" {number}")
        here, last = tuple(ends[-2:]) or begin, command
        begin = here if command == "M" else begin
    return f'd="{"".join(parts)}"' + (' transform="scale(.25)"' if letter else "")


def _short(number, digits=2):
    text = f"{number:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else re.sub(r"^(-?)0\.", r"\1.", text)


def _round(text):
    # scale factors need all their digits; positions do not
    return re.sub(
        r"(scale|matrix)\([^)]*\)|-?\d+\.\d+",
        lambda match: match[0] if match[1] else _short(float(match[0])),
        text,
    )


def _data_uri(svg):
    for character, code in (("%", "%25"), ("#", "%23"), ("&", "&amp;"), ('"', "'")):
        svg = svg.replace(character, code)
    return f"data:image/svg+xml,{svg}"


def _identifier(name, label):
    if name is not None:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name):
            raise ValueError(f"name = {name!r}: must be letters, digits and hyphens")
        return name
    base = "steps-" + (re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "figure")
    name, count = base, 1
    while name in _names:
        count += 1
        name = f"{base}-{count}"
    _names.add(name)
    return name


def _page(frames, label, name, first):
    label = html.escape(label)
    radios, views, shown = [], [], []
    for index, (reading, svg, description) in enumerate(frames):
        reading = html.escape(reading)
        checked = " checked" if index == first else ""
        radios.append(
            f'<input type="radio" name="{name}" id="{name}-{index}" '
            f'aria-label="{reading}"{checked}>'
        )
        width, height = re.search(r'viewBox="0 0 (\S+) (\S+)"', svg).groups()
        views.append(
            f'<div><p aria-hidden="true">{label}: <b>{reading}</b></p>'
            f'<img src="{_data_uri(svg)}" alt="{html.escape(description)}" '
            f'width="{float(width) * 4 / 3:.0f}" height="{float(height) * 4 / 3:.0f}"></div>'
        )
        shown.append(f"#{name}-{index}:checked~div>:nth-child({index + 1})")
    # before the first move: how far it goes
    ends = f"<small>({html.escape(frames[0][0])} to {html.escape(frames[-1][0])})</small>"
    css = _CSS.replace("SHOWN", ",".join(shown)).replace("COUNT", f"{len(frames)}")
    css = css.replace("NAME", name)
    return (
        f'<div id="{name}" class="lmg-steps"><style>{css}</style><fieldset>'
        f"<legend>{label} {ends}</legend>{''.join(radios)}"
        f"<div>{''.join(views)}</div></fieldset></div>"
    )


# The colours are the theme's, else JupyterLab's, else plain ones. A radio is a segment of the track
# with a tick; the chosen one carries the knob. 24 px wide at least, so the track wraps on a phone.
_CSS = """
#NAME{--ink:var(--pst-color-text-base,var(--jp-content-font-color1,#222));
--ground:var(--pst-color-background,var(--jp-layout-color0,#fff));
--rule:var(--pst-color-text-muted,var(--jp-content-font-color2,#666));
--knob:var(--pst-color-primary,var(--jp-brand-color1,#0b5fa5));
background:var(--ground);color:var(--ink);max-width:44rem}
.text_html:has(>#NAME){background:none;padding:0}
#NAME fieldset{display:flex;flex-wrap:wrap;min-width:0;margin:0;padding:.25rem .75rem .75rem;
border:1px solid var(--rule);border-radius:.4rem}
#NAME legend{float:none;width:auto;margin:0;padding:0 .4rem;font-size:1rem;font-weight:600;
line-height:1.5;color:var(--ink)}
#NAME legend small{font-weight:400}
#NAME input{appearance:none;-webkit-appearance:none;flex:0 0 max(24px,100%/COUNT);height:36px;
margin:0;border:0;border-radius:.25rem;cursor:pointer;background:
linear-gradient(var(--rule),var(--rule)) center/2px 16px no-repeat,
linear-gradient(var(--rule),var(--rule)) center/100% 3px no-repeat}
#NAME input:hover{background:
linear-gradient(var(--knob),var(--knob)) center/4px 22px no-repeat,
linear-gradient(var(--rule),var(--rule)) center/100% 3px no-repeat}
#NAME input:checked{background:
radial-gradient(circle,var(--knob) 9px,transparent 10px),
linear-gradient(var(--rule),var(--rule)) center/100% 3px no-repeat}
#NAME input:focus-visible{outline:3px solid var(--knob);outline-offset:-1px}
#NAME fieldset>div{flex:1 0 100%;min-width:0}
#NAME fieldset>div>div{display:none}
SHOWN{display:block!important}
#NAME p{margin:.25rem 0 .5rem;color:var(--ink);font-variant-numeric:tabular-nums}
#NAME img{display:block;width:100%;height:auto;margin:0;filter:none;background:#fcfcfa;
border-radius:.25rem}
@media(forced-colors:active){#NAME input{appearance:auto;-webkit-appearance:auto}}
@media print{#NAME input{display:none}#NAME fieldset{break-inside:avoid}}
""".replace("\n", "")


# --- the live notebook --------------------------------------------------------------------------


def _live_range(live):
    try:
        low, high, step = (finite("live", number) for number in live)
    except (TypeError, ValueError):
        raise ValueError(f"live = {live!r}: must be (lowest, highest, step)") from None
    if not (low < high and 0 < step <= high - low):
        raise ValueError(f"live = {live!r}: needs lowest < highest and 0 < step <= their distance")
    return low, high, step


# Says what a screen reader needs to hear of a slider's handle: its label, and its value as shown.
_SPEAK = """(() => {
  if (window.lmgbookSliders) return;
  window.lmgbookSliders = true;
  const set = (handle, name, text) => {
    if (text && handle.getAttribute(name) !== text) handle.setAttribute(name, text);
  };
  const speak = () => document.querySelectorAll(".widget-slider .noUi-handle").forEach(handle => {
    const part = name => {
      const found = handle.closest(".widget-slider").querySelector(name);
      return found?.offsetParent && found.textContent;
    };
    const number = parseFloat(handle.getAttribute("aria-valuetext")).toPrecision(12);
    set(handle, "aria-label", part(".widget-label"));
    set(handle, "aria-valuetext", part(".widget-readout") || String(Number(number)));
  });
  new MutationObserver(speak).observe(document.body, {
    subtree: true, childList: true, characterData: true, attributeFilter: ["aria-valuetext"]
  });
})()"""


def _clean(number):
    """A number that a slider has reached step by step, without the rounding of the steps: 5.5."""
    return float(f"{number:.12g}")


def _widget(draw, values, readings, label, alt, first, live):
    import ipywidgets
    from IPython.display import Javascript, display

    common = dict(
        description=label,
        tooltip=f"{label}: choose with the arrow keys",
        continuous_update=False,
        style={"description_width": "initial"},
        layout={"width": "min(100%, 40rem)"},
    )
    start = values[first]
    if live is not None and isinstance(start, Real):
        low, high, step = live
        start = min(max(start, low), high)
        slider = ipywidgets.FloatSlider(
            value=start, min=low, max=high, step=step, readout=False, **common
        )
        # the number field has a real label, which the slider's handle lacks for screen readers
        field = ipywidgets.BoundedFloatText(
            value=start, min=low, max=high, step=step, **common | {"layout": {"width": "20rem"}}
        )
        ipywidgets.link((slider, "value"), (field, "value"), transform=(_clean, _clean))
        controls = [slider, field]
    else:
        options = list(zip(readings, values, strict=True))
        slider = ipywidgets.SelectionSlider(options=options, value=start, **common)
        controls = [slider]

    picture, words = ipywidgets.Output(), ipywidgets.HTML()

    def show(change=None):
        value = _clean(slider.value) if isinstance(slider.value, float) else slider.value
        words.value = f'<p role="status">{html.escape(_describe(alt, value))}</p>'
        with picture:
            picture.clear_output(wait=True)
            figure = _draw(draw, value)
            display(figure)
            plt.close(figure)

    slider.observe(show, "value")
    show()
    display(Javascript(_SPEAK))
    return ipywidgets.VBox([*controls, picture, words])
