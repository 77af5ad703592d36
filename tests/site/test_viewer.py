"""The frames of `explore.steps` in a real browser: without JavaScript, dragged, spoken, opened."""

import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import pytest
from axe_playwright_python.sync_playwright import Axe

from lmgbook import explore
from lmgbook.bookkit import viewing

pytestmark = pytest.mark.browser
ASSETS = Path(__file__).parents[2] / "book" / "_assets"


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
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Sliders</title>"
        "<meta name=viewport content='width=device-width'><link rel=stylesheet href=house.css>"
        "<script defer src=sliders.js></script><main><h1>Sliders</h1>"
    )
    for name in ("house.css", viewing.SCRIPT):
        shutil.copy(ASSETS / name, tmp_path)
    body += "<p>End</p>" * 99
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


# --- with the script ----------------------------------------------------------------------------


def opened(browser, address, **options):
    context = browser.new_context(**options)
    tab = context.new_page()
    tab.goto(address)
    return tab


@pytest.fixture
def desk(browser, address):
    tab = opened(browser, address, viewport={"width": 1280, "height": 800})
    yield tab
    tab.context.close()


@pytest.fixture
def phone(browser, address):
    tab = opened(browser, address, viewport={"width": 360, "height": 740}, has_touch=True)
    yield tab
    tab.context.close()


def middle(tab, name, index):
    box = tab.locator(f"#{name}-{index}").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_mouse_drags(desk):
    desk.mouse.move(*middle(desk, "full", 20))
    desk.mouse.down()
    assert shown(desk, "full") == ["Slope 21."]
    passed = []
    for index in (17, 12, 5):
        desk.mouse.move(*middle(desk, "full", index), steps=4)
        passed += shown(desk, "full")
    assert passed == ["Slope 18.", "Slope 13.", "Slope 6."]
    desk.mouse.move(2, 780)  # far outside it stays with the nearest step
    desk.mouse.up()
    assert shown(desk, "full") == ["Slope 1."]
    desk.mouse.move(*middle(desk, "full", 9))
    assert shown(desk, "full") == ["Slope 1."], "let go, it follows no more"


def swipe(tab, *points):
    session = tab.context.new_cdp_session(tab)
    kinds = ["touchStart", *["touchMove"] * (len(points) - 1)]
    for kind, (x, y) in zip(kinds, points, strict=True):
        fingers = [{"x": x, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_drags_on_a_phone(phone):
    x, y = middle(phone, "full", 2)
    _, below = middle(phone, "full", 27)
    assert below > y + 30, "steps stand in rows"
    swipe(phone, (x, y), (x + 10, y), (x + 40, y), (x + 60, below))
    (frame,) = shown(phone, "full")
    assert int(frame.split()[1][:-1]) > 20, "a drag may go on in another row"
    assert phone.evaluate("scrollY") == 0


def test_a_tap_chooses_and_a_swipe_down_scrolls_past(phone):
    phone.touchscreen.tap(*middle(phone, "full", 4))
    assert shown(phone, "full") == ["Slope 5."]
    x, y = middle(phone, "short", 0)
    swipe(phone, *((x, y - 20 * step) for step in range(12)))
    phone.wait_for_function("scrollY > 0")
    assert shown(phone, "short") == ["Slope 2."]


def test_keys_of_a_slider(desk):
    desk.keyboard.press("Tab")
    for key, value in (
        ("End", 28),
        ("ArrowRight", 28),
        ("PageUp", 23),
        ("Home", 1),
        ("ArrowLeft", 1),
        ("PageDown", 6),
        ("ArrowDown", 7),
    ):
        desk.keyboard.press(key)
        assert shown(desk, "full") == [f"Slope {value}."], key
        assert desk.evaluate("document.activeElement.id") == f"full-{value - 1}"


def test_what_is_chosen_is_spoken_when_it_rests(desk):
    spoken = desk.locator("#full [aria-live], #full output")
    assert spoken.inner_text() == ""
    desk.mouse.move(*middle(desk, "full", 20))
    desk.mouse.down()
    desk.mouse.move(*middle(desk, "full", 5), steps=8)
    desk.mouse.up()
    desk.wait_for_function("document.querySelector('#full output').textContent")
    assert spoken.text_content() == "slope: 6. Slope 6."
    assert desk.locator("#short output").text_content() == ""


def test_sliders_are_accessible_with_their_script(desk):
    desk.keyboard.press("Tab")
    desk.keyboard.press("End")
    found = Axe().run(desk).response["violations"]
    assert [(each["id"], each["impact"]) for each in found] == []


def test_every_page_with_sliders_has_the_script(html):
    pages = {path: path.read_text("utf-8") for path in html.glob("book/*/*.html")}
    with_sliders = {path for path, text in pages.items() if 'class="lmg-steps"' in text}
    assert len(with_sliders) > 20
    assert {path for path, text in pages.items() if viewing.SCRIPT in text} == with_sliders


# --- pictures -----------------------------------------------------------------------------------


def test_pictures_open_at_full_size(html):
    """By a link around each, which is there without a script; its name is their description."""
    for path in html.glob("book/*/*.html"):
        text = path.read_text("utf-8").partition("<article")[2].partition("</article>")[0]
        pictures = re.findall(r'<img [^>]*src="([^"]*_images/[^"]*)"', text)
        links = re.findall(
            r'<a class="full-size" href="([^"]*)" title="[^"]+"><img [^>]*alt=', text
        )
        assert links == pictures, path


def test_a_picture_in_a_link_keeps_that_link():
    inside = '<a href="x.html"><img alt="a" src="_images/x.png"></a>'
    assert viewing.PICTURE.sub(viewing.link_picture, inside) == inside


def test_a_click_or_enter_opens_a_picture(browser, site):
    tab = opened(browser, f"{site}/book/slow_quenches/gap_and_scaling.html")
    link = tab.locator("a.full-size").first
    link.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/_images/*")
    tab.context.close()


# --- frames at full size ------------------------------------------------------------------------


def opened_frame(tab):
    """Width of the picture that has taken the place of the page."""
    tab.wait_for_url(re.compile("^blob:"), timeout=10_000)
    return tab.evaluate("document.documentElement.viewBox.baseVal.width")


def test_a_click_opens_the_frame_that_is_shown(desk):
    desk.mouse.move(*middle(desk, "full", 20))
    desk.mouse.down()
    desk.mouse.move(*middle(desk, "full", 5), steps=8)
    desk.mouse.up()
    link = desk.get_by_role("link", name="Slope 6.")
    svg = link.evaluate("a => fetch(a.href).then(answer => answer.text())")
    source = link.locator("img").get_attribute("src").partition(",")[2]
    assert svg == unquote(source)
    link.click()
    assert opened_frame(desk) == pytest.approx(460.8)
    desk.go_back()
    assert shown(desk, "full") == ["Slope 6."]
    assert desk.get_by_role("link", name="Slope 6.").get_attribute("href").startswith("blob:")


def test_enter_opens_a_frame_and_only_what_is_shown_takes_the_focus(desk):
    for _ in range(2):
        desk.keyboard.press("Tab")
    assert desk.evaluate("document.activeElement.firstChild.alt") == "Slope 15."
    desk.keyboard.press("Tab")
    assert desk.evaluate("document.activeElement.id") == "short-1"
    desk.keyboard.press("Shift+Tab")
    desk.keyboard.press("Enter")
    opened_frame(desk)


def test_a_tap_opens_a_frame_also_of_a_saved_page(browser, phone, address, tmp_path):
    phone.touchscreen.tap(180, phone.locator("#full img:visible").bounding_box()["y"] + 50)
    opened_frame(phone)
    saved = opened(browser, (tmp_path / "index.html").as_uri(), has_touch=True)
    saved.get_by_role("link", name="Slope 2.").tap()
    opened_frame(saved)
    saved.context.close()


def test_without_script_a_frame_is_no_link(tab):
    assert tab.locator(".lmg-steps img").count() == 31
    assert tab.locator(".lmg-steps a").count() == 0


def test_columns_are_told_from_sentences():
    def marked(text):
        part = f'<div class="output stream"><div class="highlight"><pre>{text}</pre></div></div>'
        return ' columns"' in viewing.PRINTED.sub(viewing.mark_table, part)

    assert marked("<span></span>N    gap\n64   0.1\n128  0.05")
    assert not marked("<span></span>    indented\nand  one gap\nis no table")
