"""No serious or critical accessibility violation on any page, light or dark (axe-core)."""

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


def test_axe_fails_a_bad_page(browser, serve, tmp_path):
    (tmp_path / "bad.html").write_text(
        "<html><title>t</title><h1>t</h1><img src='x.png'><input>"
        "<p style='color: #bbb; background: #fff'>pale</p></html>"
    )
    found = " ".join(violations(browser, f"{serve(tmp_path)}/bad.html"))
    for rule in ("image-alt", "label", "color-contrast", "html-has-lang"):
        assert rule in found
