import io
import itertools
import os
import subprocess
import sys

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from lmgbook import figures


@pytest.fixture(autouse=True)
def house():
    with plt.rc_context():
        figures.use()
        yield
    plt.close("all")


CELLS = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("import matplotlib.pyplot as plt; from lmgbook import figures; figures.use()")
shell.run_cell("from matplotlib.figure import Figure; drawn, draw = [], Figure.draw")
shell.run_cell("Figure.draw = lambda self, by: (drawn.append(type(by).__name__), draw(self, by))")
shell.run_cell("plt.subplots();")
shell.run_cell("print('drawn by', *drawn)")
"""


def test_a_notebook_draws_no_figure_that_nobody_sees():
    env = os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    command = [sys.executable, "-c", CELLS]
    said = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    assert "<Figure size 640x400 with 1 Axes>" in said  # shown
    # once to lay it out, once to write it
    assert said.splitlines()[-1] == "drawn by MixedModeRenderer MixedModeRenderer"


# What each kind of reader sees: linear RGB, complete loss of one cone (Machado, Oliveira and
# Fernandes 2009).
EYES = {
    "all cones": np.eye(3),
    "protan": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deutan": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritan": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(color):
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(color, eyes="all cones"):
    """CIE L*a*b* coordinates; 2 apart is just visible, 15 apart is plain."""
    xyz = XYZ @ np.clip(np.array(EYES[eyes]) @ linear(color), 0, 1) / XYZ.sum(axis=1)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one, other):
    """Contrast ratio of WCAG 2."""
    light, dark = sorted([linear(one) @ XYZ[1], linear(other) @ XYZ[1]], reverse=True)
    return (light + 0.05) / (dark + 0.05)


def svg(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def test_text_is_legible_and_the_ground_opaque():
    for key in ("font.size", "axes.labelsize", "xtick.labelsize", "ytick.labelsize"):
        assert plt.rcParams[key] >= 10
    assert plt.rcParams["legend.fontsize"] >= 10
    assert plt.rcParams["figure.figsize"] == [6.4, 4.0]
    ground = plt.rcParams["figure.facecolor"]
    assert contrast(ground, "black") > 20 and len(to_rgb(ground)) == 3
    assert plt.rcParams["savefig.facecolor"] == plt.rcParams["axes.facecolor"] == ground
    assert not plt.rcParams["savefig.transparent"]
    for key in ("text.color", "axes.labelcolor", "xtick.labelcolor"):
        assert contrast(plt.rcParams[key], ground) > 7


def cycle():
    return list(plt.rcParams["axes.prop_cycle"])


def test_curves_are_told_apart_in_grey_and_by_their_dashes():
    shades = sorted(lab(style["color"])[0] for style in cycle())
    assert min(np.diff(shades)) > 4.5
    assert all(contrast(style["color"], plt.rcParams["axes.facecolor"]) >= 3 for style in cycle())
    # two are solid: the darkest and the next, far apart in the cycle
    assert len({str(style["linestyle"]) for style in cycle()}) == len(cycle()) - 1
    named = {to_rgb(color) for color in figures.COLORS.values()}
    assert {to_rgb(style["color"]) for style in cycle()} <= named


@pytest.mark.parametrize("eyes", EYES)
def test_curves_are_told_apart_whatever_the_eyes(eyes):
    for one, other in itertools.combinations([style["color"] for style in cycle()], 2):
        assert np.linalg.norm(lab(one, eyes) - lab(other, eyes)) > 15


def test_a_figure_is_the_same_from_build_to_build():
    def draw():
        figure, ax = plt.subplots()
        ax.plot([0, 1], [0, 1], "o-", clip_on=True)
        figures.reference(ax, 0.5, "paper")
        return svg(figure)

    assert draw() == draw()


def test_format_is_checked():
    with pytest.raises(ValueError, match="format = 'gif': must be one of 'svg', 'png'"):
        figures.use("gif")


def test_reference_line_carries_its_label():
    _, ax = plt.subplots()
    ax.set(xlim=(0, 2), ylim=(0, 1))
    across = figures.reference(ax, 0.35, "paper: 0.35")
    assert ax.lines[-1].get_ydata() == [0.35, 0.35] and ax.lines[-1].get_linewidth() < 1
    up = figures.reference(ax, 1.5, "critical", axis="x")
    assert list(ax.lines[-1].get_xdata()) == [1.5, 1.5]
    assert (across.get_text(), up.get_text()) == ("paper: 0.35", "critical")
    assert contrast(across.get_color(), ax.get_facecolor()) >= 4.5
    assert ax.get_xlim() == (0, 2) and ax.get_ylim() == (0, 1)
    with pytest.raises(ValueError, match="axis = 'z'"):
        figures.reference(ax, 1, "x", axis="z")


def test_labels_stand_at_their_curves():
    _, ax = plt.subplots()
    x = np.linspace(0, 1, 5)
    lines = [ax.plot(x, slope * x)[0] for slope in (1, 2, 3, 4, 5)]
    end, middle = figures.label_lines(ax, lines[:2], ["one", "two"], xs=[None, 0.5])
    assert tuple(end.xy) == (1, 1) and tuple(middle.xy) == (0.5, 1)
    for line in lines:
        label = figures.label_line(ax, line, "text")
        assert contrast(label.get_color(), ax.get_facecolor()) >= 4.5


def test_labels_skip_gaps_and_refuse_what_is_not_on_the_curve():
    _, ax = plt.subplots()
    (line,) = ax.plot([0, 1, 2], [1, 2, np.nan])
    assert tuple(figures.label_line(ax, line, "a").xy) == (1, 2)
    with pytest.raises(ValueError, match=r"x = 1.5: must lie on the curve, \[0, 1\]"):
        figures.label_line(ax, line, "a", x=1.5)
    (empty,) = ax.plot([0, 1], [np.nan, np.nan])
    with pytest.raises(ValueError, match="no finite point"):
        figures.label_line(ax, empty, "a")
    with pytest.raises(ValueError, match="2 curves, 1 texts, 2 places"):
        figures.label_lines(ax, [line, line], ["a"])


def test_panels_are_lettered_and_keep_their_titles():
    _, axes = plt.subplots(2, 2)
    axes[0, 1].set_title("heat", loc="left")
    assert [text.get_text() for text in figures.panel_labels(axes)] == [
        "(a)",
        "(b) heat",
        "(c)",
        "(d)",
    ]


def test_versions_are_one_line(capsys):
    figures.versions()
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and "qutip" in out
