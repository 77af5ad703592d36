"""The frames of `explore.steps` in a real browser: by keyboard, with JavaScript off."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import pytest

from lmgbook import explore

pytestmark = pytest.mark.browser


@pytest.fixture
def address(serve, tmp_path, monkeypatch):
    monkeypatch.setenv("LMGBOOK_STATIC", "1")

    def draw(value):
        figure, ax = plt.subplots()
        ax.plot([0, value])
        return figure

    viewers = [
        explore.steps(draw, range(1, 29), "slope", alt=lambda v: f"Slope {v}.", name="full"),
        explore.steps(draw, [1, 2, 3], "slope", alt=lambda v: f"Slope {v}.", name="short"),
    ]
    body = "".join(viewer.html for viewer in viewers)
    page = "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    (tmp_path / "index.html").write_text(page + body, encoding="utf-8")
    return serve(tmp_path)


@pytest.fixture
def tab(browser, address):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    tab = context.new_page()
    tab.goto(address)
    yield tab
    context.close()


def shown(tab, name):
    """Alternative texts of the frames that can be seen."""
    images = tab.locator(f"#{name} img").all()
    return [image.get_attribute("alt") for image in images if image.is_visible()]


def test_arrow_keys_step_through_the_frames_without_script(tab):
    assert (shown(tab, "full"), shown(tab, "short")) == (["Slope 15."], ["Slope 2."])
    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowRight")
    assert shown(tab, "full") == ["Slope 16."]
    for _ in range(2):
        tab.keyboard.press("ArrowLeft")
    assert shown(tab, "full") == ["Slope 14."]
    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowDown")
    assert (shown(tab, "full"), shown(tab, "short")) == (["Slope 14."], ["Slope 3."])


def test_a_click_chooses_and_the_reading_follows(tab):
    tab.get_by_role("radio", name="28").click()
    assert shown(tab, "full") == ["Slope 28."]
    assert tab.locator("#full b", has_text="28").is_visible()


def test_targets_are_large_enough_and_nothing_overflows_a_phone(tab):
    for radio in tab.locator("input").all():
        box = radio.bounding_box()
        assert min(box["width"], box["height"]) >= 24
        assert 0 <= box["x"] and box["x"] + box["width"] <= 360


def test_print_shows_the_chosen_frame_and_no_buttons(tab):
    tab.emulate_media(media="print")
    assert shown(tab, "full") == ["Slope 15."]
    assert not tab.locator("#full input").first.is_visible()
