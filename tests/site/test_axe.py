"""No serious or critical accessibility violation on any page, light or dark (axe-core)."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from checker import open_page

pytestmark = pytest.mark.browser

# The theme follows the system a moment later; a page without the theme has no such attribute.
FOLLOWED = "s => [undefined, s].includes(document.documentElement.dataset.theme)"
SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"

# One coloured word of each kind tells as much as a thousand, in a twentieth of the time.
THIN_OUT = """() => {
  const seen = new Set();
  for (const span of document.querySelectorAll("pre span[class]"))
    if (seen.has(span.className)) span.replaceWith(span.textContent);
    else seen.add(span.className);
}"""

# Only colours differ between the schemes, so that dark needs no more than the rules on colour.
RULES = {
    "light": {"resultTypes": ["violations"]},
    "dark": {
        "resultTypes": ["violations"],
        "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    },
}


def violations(browser, url):
    found = []
    page = open_page(browser)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(url)
    page.add_style_tag(content="* { transition: none !important; }")
    page.evaluate(THIN_OUT)
    for scheme, options in RULES.items():
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(FOLLOWED, arg=scheme)
        page.evaluate(SETTLED)
        found += [
            f"{scheme}: {violation['id']} ({violation['impact']}): {node['html'][:200]}"
            for violation in Axe().run(page, options=options).response["violations"]
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]
    page.close()
    return found


def test_page_is_accessible(browser, site, page):
    assert violations(browser, f"{site}/{page}.html") == []


def test_pages_follow_the_colour_scheme_of_the_system(browser, site):
    page = open_page(browser)
    page.goto(f"{site}/book/intro.html")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_selector(f"html[data-theme={scheme}]")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "name", ["intro", "glassy/fitting", "reactions/exercises", "appendix/errata", "appendix/api"]
)
def test_without_a_script_the_system_s_colours_hold(browser, site, name, scheme):
    """The page as it is with JavaScript off: axe itself needs it, so the scripts are cut out."""
    page = open_page(browser)

    def unscripted(route):
        text = re.sub(r"<script.*?</script>", "", route.fetch().text(), flags=re.DOTALL)
        route.fulfill(body=re.sub("</?noscript>", "", text), content_type="text/html")

    page.route("**/*.html", unscripted)
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{site}/book/{name}.html")
    page.evaluate(THIN_OUT)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, re.findall(r"\d+", ground)[:3])) < 60) == (scheme == "dark")
    found = Axe().run(page, options=RULES["dark"]).response["violations"]
    assert [v for v in found if v["impact"] in ("serious", "critical")] == []
    page.emulate_media(media="print")  # paper stays white
    text = page.evaluate("getComputedStyle(document.body).color")
    assert max(map(int, re.findall(r"\d+", text)[:3])) < 100
    page.close()


def test_axe_fails_a_bad_page(browser, serve, tmp_path):
    (tmp_path / "bad.html").write_text(
        "<html><title>t</title><h1>t</h1><img src='x.png'><input>"
        "<p style='color: #bbb; background: #fff'>pale</p></html>"
    )
    found = " ".join(violations(browser, f"{serve(tmp_path)}/bad.html"))
    for rule in ("image-alt", "label", "color-contrast", "html-has-lang"):
        assert rule in found
