"""The house style of the figures, and the few annotations that all chapters share."""

import functools
import gc
import pathlib
import string

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib import textpath
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.mathtext import MathTextParser

from .checks import finite, finite_array, instance, listed, one_of

#: Names of the palette: distinct for colour-blind readers, in falling darkness for print in grey.
COLORS = {
    "ink": "#1b1b1b",
    "blue": "#00318c",
    "red": "#a3262a",
    "green": "#1f7a5c",
    "orange": "#c46a00",
    "sky": "#4794c9",
    "grey": "#6b6b6b",
}

# a line is told from its neighbours by its dashes as much as by its colour
_CYCLE = cycler(
    color=[COLORS[name] for name in ("blue", "orange", "green", "red", "sky", "ink")],
    linestyle=["-", (0, (6, 2)), (0, (6, 1.5, 1.5, 1.5)), (0, (2, 1.2)), (0, (10, 3)), "-"],
)

FORMATS = ("svg", "png")

_one_parser = functools.cache(MathTextParser)


def use(format="svg"):
    """Switch on the house style; belongs in the first cell of a notebook.

    Parameters
    ----------
    format : {"svg", "png"}
        How a notebook shows its figures: "svg" for lines, "png" for dense images.

    Raises
    ------
    ValueError
        If `format` is neither.
    """
    one_of("format", format, FORMATS)
    plt.style.use(pathlib.Path(__file__).with_name("house.mplstyle"))
    # a fixed salt keeps the ids inside an SVG, and so the page, the same from build to build
    plt.rcParams.update({"axes.prop_cycle": _CYCLE, "svg.hashsalt": "lmgbook"})
    # Matplotlib gives each picture a parser of its own, and the parser its memory of formulas: with
    # one for all, the frames of a slider do not parse their tick labels anew, a tenth of the time
    textpath.MathTextParser = _one_parser
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is not None:
        # bbox_inches: the inline backend would otherwise crop each figure to a size of its own
        dated = {"metadata": {"Date": None}} if format == "svg" else {}
        set_matplotlib_formats(format, bbox_inches=None, **dated)
        if plt.get_backend().endswith("inline"):
            # pyplot would draw each new figure when its cell ends, for nobody: the inline backend
            # draws it again, and shows that
            plt.uninstall_repl_displayhook()
        if not gc.get_freeze_count():
            # what is imported by now stays: Python's collector need not walk through it ever again;
            # not so on a second call, which would keep old figures
            gc.freeze()


def reference(ax, value, label, axis="y", color=COLORS["grey"], side="end"):
    """Draw a paper's value as a thin line with its label on it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    value : float
        Position in data units of `axis`.
    label : str
        Text at the far end of the line.
    axis : {"y", "x"}
        "y" for a horizontal line at y = value, "x" for a vertical one.
    color : str
        Colour of line and text.
    side : {"end", "start"}
        Where on a horizontal line the label stands: at its right or at its left end.

    Returns
    -------
    matplotlib.text.Annotation
        The label.

    Raises
    ------
    ValueError
        If `axis` or `side` is none of its choices.
    """
    one_of("axis", axis, ("x", "y"))
    one_of("side", side, ("end", "start"))
    value = finite("value", value)
    line = ax.axhline if axis == "y" else ax.axvline
    line(value, color=color, linewidth=0.9, linestyle="-", zorder=1.5)
    place = {
        "y": dict(xy=(1, value), xycoords=ax.get_yaxis_transform(), xytext=(-3, 3), ha="right")
        if side == "end"
        else dict(xy=(0, value), xycoords=ax.get_yaxis_transform(), xytext=(3, 3), ha="left"),
        "x": dict(xy=(value, 1), xycoords=ax.get_xaxis_transform(), xytext=(4, -2), ha="left"),
    }[axis]
    return ax.annotate(
        label,
        textcoords="offset points",
        va="bottom" if axis == "y" else "top",
        color=color,
        fontsize="small",
        bbox={"facecolor": ax.get_facecolor(), "edgecolor": "none", "alpha": 0.8, "pad": 1},
        **place,
    )


def label_line(ax, line, text, x=None, offset=(0, 5), **kwargs):
    """Write a label next to a curve, in a darker shade of its colour: easier than a legend.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    line : matplotlib.lines.Line2D
    text : str
    x : float, optional
        Where on the curve (data units); default its last finite point, with the text to the right.
    offset : (float, float)
        Shift of the text in points.
    **kwargs
        Passed to `Axes.annotate`.

    Returns
    -------
    matplotlib.text.Annotation

    Raises
    ------
    ValueError
        If the curve has no finite point, or `x` lies outside it.
    """
    instance("line", line, Line2D)
    offset = tuple(finite_array("offset", offset, shape=(2,)).tolist())
    points = np.column_stack([line.get_xdata(orig=False), line.get_ydata(orig=False)]).astype(float)
    points = points[np.all(np.isfinite(points), axis=1)]
    if len(points) == 0:
        raise ValueError(f"label_line: the curve for {text!r} has no finite point")
    shade = tuple(0.75 * part for part in to_rgb(line.get_color()))  # text needs more contrast
    style = {"color": shade, "textcoords": "offset points", "fontsize": "small"}
    if x is None:
        position, offset = points[-1], (5, 0) if offset == (0, 5) else offset
        style |= {"ha": "left", "va": "center", "annotation_clip": False}
    else:
        points, x = points[np.argsort(points[:, 0])], finite("x", x)
        if not points[0, 0] <= x <= points[-1, 0]:
            raise ValueError(
                f"x = {x!r}: must lie on the curve, [{points[0, 0]:g}, {points[-1, 0]:g}]"
            )
        position = (x, np.interp(x, points[:, 0], points[:, 1]))
        style |= {"ha": "center", "va": "bottom"}
    return ax.annotate(text, position, xytext=offset, **style | kwargs)


def label_lines(ax, lines, texts, xs=None, **kwargs):
    """Label several curves, see `label_line`.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    lines : sequence of matplotlib.lines.Line2D
    texts : sequence of str
    xs : sequence of float, optional
        Where on each curve; default at their ends.
    **kwargs
        Passed to `label_line`.

    Returns
    -------
    list of matplotlib.text.Annotation

    Raises
    ------
    ValueError
        If the numbers of curves, texts and places differ.
    """
    lines, texts = listed("lines", lines, Line2D), listed("texts", texts)
    xs = [None] * len(lines) if xs is None else listed("xs", xs)
    if not len(lines) == len(texts) == len(xs):
        raise ValueError(f"label_lines: {len(lines)} curves, {len(texts)} texts, {len(xs)} places")
    return [label_line(ax, *each, **kwargs) for each in zip(lines, texts, xs, strict=True)]


def panel_labels(axes):
    """Letter the panels of a figure (a), (b), ... at their top left.

    Parameters
    ----------
    axes : array_like of matplotlib.axes.Axes
        In reading order.

    Returns
    -------
    list of matplotlib.text.Text
    """
    axes = listed("axes", np.ravel(axes), Axes)
    return [
        ax.set_title(f"({letter}) {ax.get_title('left')}".rstrip(), loc="left")
        for letter, ax in zip(string.ascii_lowercase, axes, strict=False)
    ]


def versions():
    """Print the versions behind a notebook's numbers, in one line; belongs in its last cell."""
    import platform
    from importlib.metadata import version

    packages = ("lmgbook", "qutip", "numpy", "scipy", "matplotlib")
    named = [f"{name} {version(name)}" for name in packages]
    print(", ".join([f"Python {platform.python_version()}", *named]))
