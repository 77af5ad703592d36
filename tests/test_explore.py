import gzip
import re
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from urllib.parse import unquote

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lmgbook import explore, figures


def draw(value):
    x = np.linspace(0, 1, 20)
    figure, ax = plt.subplots()
    ax.plot(x, value * x)
    ax.set_xlabel(r"time $t$ (units of $1/J$, 100 %)")
    return figure


def alt(value):
    return f'A straight line of slope {value} & no "more".'


@pytest.fixture
def static(monkeypatch):
    monkeypatch.setenv("LMGBOOK_STATIC", "1")
    monkeypatch.setattr(explore, "_names", set())
    with plt.rc_context():
        figures.use()
        yield
    plt.close("all")


class Page(HTMLParser):
    """Tags of a page, in order."""

    def __init__(self, viewer):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(viewer._repr_html_())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


# --- the published page -------------------------------------------------------------------------


def test_radios_and_frames(static):
    page = Page(explore.steps(draw, [0.5, 1, 2], "slope (1/J)", alt=alt, name="slopes"))
    assert len(page.all("fieldset")) == len(page.all("legend")) == 1
    radios = page.all("input")
    assert [radio["aria-label"] for radio in radios] == ["0.5", "1", "2"]
    assert {(radio["type"], radio["name"]) for radio in radios} == {("radio", "slopes")}
    assert [radio["id"] for radio in radios] == ["slopes-0", "slopes-1", "slopes-2"]
    assert ["checked" in radio for radio in radios] == [False, True, False]
    frames = page.all("img")
    assert [frame["alt"] for frame in frames] == [alt(0.5), alt(1), alt(2)]
    assert "slope (1/J): 0.5" in page.text
    assert not page.all("script")
    for index in range(3):
        assert f"#slopes-{index}:checked~div>:nth-child({index + 1})" in page.text


def test_frames_are_whole_pictures(static):
    page = Page(explore.steps(draw, [1, 2], "slope", alt=alt))
    for frame in page.all("img"):
        kind, _, data = frame["src"].partition(",")
        assert kind == "data:image/svg+xml"
        assert "#" not in data
        svg = ET.fromstring(unquote(data))
        assert svg.tag == "{http://www.w3.org/2000/svg}svg"
        ids = [node.get("id") for node in svg.iter() if node.get("id")]
        used = re.findall(r"(?:href='|url\()#([^')]+)", unquote(data))
        assert used and set(used) <= set(ids)
        assert len(set(ids)) == len(ids)
        assert int(frame["width"]) == 614 and int(frame["height"]) == 384


def test_a_viewer_is_the_same_from_build_to_build(static):
    first = explore.steps(draw, [1, 2], "slope", alt=alt, name="s").html
    assert explore.steps(draw, [1, 2], "slope", alt=alt, name="s").html == first


def test_two_viewers_never_share_an_id(static):
    viewers = [explore.steps(draw, [1, 2], "slope", alt=alt) for _ in range(2)]
    first, second = ({radio["id"] for radio in Page(viewer).all("input")} for viewer in viewers)
    assert not first & second


def test_start_format_and_current_figure(static):
    def draw_current(value):
        plt.figure()
        plt.plot([0, value])

    viewer = explore.steps(
        draw_current, [1, 2, 3], "x", alt=alt, start=3, format="{:.2f} nK", name="x"
    )
    radios = Page(viewer).all("input")
    assert "checked" in radios[2] and radios[0]["aria-label"] == "1.00 nK"
    assert plt.get_fignums() == []


def test_start_is_found_in_spite_of_rounding(static):
    viewer = explore.steps(draw, [0.2 * k for k in range(1, 4)], "x", alt=alt, start=0.6)
    assert "checked" in Page(viewer).all("input")[2]


def test_label_and_reading_are_escaped():
    svg = '<svg viewBox="0 0 72 36"></svg>'
    page = Page(explore.Viewer([("<a>", svg, "p"), ("b&c", svg, "q")], "x < y", "x", 0))
    assert [radio["aria-label"] for radio in page.all("input")] == ["<a>", "b&c"]
    assert not page.all("a") and "x < y: <a>" in page.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": [1]}, "1 steps, must be 2 to 28"),
        ({"values": range(29)}, "29 steps, must be 2 to 28"),
        ({"values": [1.01, 1.02], "format": "{:.1f}"}, "writes two values alike"),
        ({"start": 5}, "start = 5: must be one of"),
        ({"name": "my viewer"}, "name = 'my viewer'"),
        ({"alt": lambda value: " "}, "must say in words"),
        ({"live": (0, 1)}, "must be (lowest, highest, step)"),
        ({"live": (1, 0, 0.1)}, "lowest < highest"),
        ({"live": (0, 1, 2)}, "0 < step"),
        ({"live": (0, 1, float("nan"))}, "live ="),
    ],
)
def test_bad_input_is_refused(static, arguments, message):
    arguments = {"values": [1, 2], "alt": alt} | arguments
    with pytest.raises(ValueError) as error:
        explore.steps(draw, arguments.pop("values"), "slope", **arguments)
    assert message in str(error.value)


def test_limits_of_weight(static):
    def heavy(value):
        figure, ax = plt.subplots()
        ax.scatter(*np.random.default_rng(value).random((2, 20_000)))
        return figure

    with pytest.raises(ValueError, match=r"\d+ kB in 2 frames, must be <= 600 kB"):
        explore.steps(heavy, [1, 2], "seed", alt=alt)
    noise = np.random.default_rng(1).bytes(140_000).hex()
    frames = [("1", f'<svg viewBox="0 0 1 1">{noise}</svg>', "noise")]
    with pytest.raises(ValueError, match="kB after gzip in 1 frames, must be <= 100 kB"):
        explore.Viewer(frames, "x", "x", 0)


def test_a_full_viewer_of_plain_curves_fits(static):
    def two_curves(value):
        x = np.linspace(0, 10, 200)
        figure, ax = plt.subplots()
        ax.plot(x, np.sin(value * x))
        ax.plot(x, np.cos(value * x))
        ax.set(xlabel="time t (units of 1/J)", ylabel="heat Q (J)")
        return figure

    viewer = explore.steps(two_curves, np.linspace(0.1, 5, 28), "rate", alt=alt, format="{:.2f}")
    assert len(viewer.html.encode()) <= explore.MAX_RAW
    assert len(gzip.compress(viewer.html.encode())) <= explore.MAX_GZIP / 2


def test_slimming_moves_no_point_by_more_than_its_grid():
    rng = np.random.default_rng(2)
    points = rng.uniform(-400, 400, (50, 2))
    path = "M 1.5 2.25 " + " ".join(f"L {x:.6f} {y:.6f}" for x, y in points) + " z M 3 4 L 5 6"
    slim = re.fullmatch('d="(.*)"', explore._outline(re.match(r'd="(.*)"()', f'd="{path}"')))[1]
    assert slim.endswith("zm1.5 1.75l2 2")  # after z the pen is back where it began
    numbers = re.findall(r"-?\d*\.?\d+", slim.partition("z")[0])
    walked = np.cumsum(np.array(numbers, dtype=float).reshape(-1, 2), axis=0)
    assert np.abs(walked - [[1.5, 2.25], *points]).max() < 0.0051


# --- the live notebook --------------------------------------------------------------------------


@pytest.fixture
def live(monkeypatch):
    monkeypatch.delenv("LMGBOOK_STATIC", raising=False)


@pytest.fixture
def seen():
    """The values for which `record` has drawn."""
    return []


@pytest.fixture
def record(seen):
    def record(value):
        seen.append(value)
        return draw(value)

    return record


def test_a_live_slider_is_free_and_has_a_labelled_field(live, seen, record):
    box = explore.steps(record, [1, 2, 3], "slope (1/J)", alt=alt, live=(0, 5, 0.25))
    slider, field, _, words = box.children
    assert (slider.min, slider.max, slider.step, slider.value) == (0, 5, 0.25, 2)
    assert slider.description == field.description == "slope (1/J)"
    assert "slope (1/J)" in slider.tooltip
    slider.value = 0.75
    assert seen == [2, 0.75] and field.value == 0.75
    assert "slope 0.75" in words.value and 'role="status"' in words.value
    assert plt.get_fignums() == []


def test_a_live_slider_says_5_5(live, seen, record):
    """A browser adds up the steps: eleven times a half may be 5.499999999999999."""
    box = explore.steps(record, [1, 2, 3], "slope", alt=alt, live=(0, 6, 0.1))
    slider, field, _, words = box.children
    slider.value = 5.499999999999999
    assert seen[-1] == 5.5 and field.value == 5.5
    assert "slope 5.5<" in words.value or "slope 5.5 " in words.value
    field.value = 0.1
    assert slider.value == 0.1


def test_without_a_range_the_live_slider_offers_the_values(live):
    box = explore.steps(draw, [1, 2, 3], "slope", alt=alt, start=1, format="{:.1f}")
    slider = box.children[0]
    assert slider.options == (("1.0", 1), ("2.0", 2), ("3.0", 3))
    slider.value = 3
    assert "slope 3" in box.children[-1].value


def test_without_ipywidgets_the_reader_gets_the_frames(live, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert isinstance(explore.steps(draw, [1, 2], "slope", alt=alt), explore.Viewer)
