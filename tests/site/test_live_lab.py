"""Live notebooks in a real JupyterLab, as `environment.yml` installs it on Binder.

The Lab of the tests also has jupyterlab-myst, which authors may edit sources with. A reader on
Binder does not, so it is switched off here; so is loading only what is in view.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
import yaml
from conftest import ROOT

LIVE = ROOT / "_build" / "live"
PAGES = [
    "foundations/solvers",
    "slow_quenches/harmonic_theory",
    "ensembles/phase_diagrams",
    "leggett_garg/published_numbers",
    "glassy/exercises",
    "reactions/two_channels",
]
# a quick one of each chapter with a figure to play with
PLAYED = [
    "foundations/collective_spins",
    "slow_quenches/exact_dynamics",
    "ensembles/ground_state",
    "leggett_garg/the_test",
    "glassy/stretched",
    "reactions/three_levels",
]
SHOWN = "img, svg"
pytestmark = pytest.mark.browser


SLIDERS = [
    "import matplotlib.pyplot as plt\nfrom lmgbook import explore",
    "def draw(x):\n    figure, ax = plt.subplots()\n    ax.plot([0, x])\n    return figure",
    "explore.steps(draw, [1, 2], 'slope', alt=lambda x: f'Slope {x}.', live=(0, 6, 0.1))",
    "explore.steps(draw, [1, 2], 'rise', alt=lambda x: f'Slope {x}.', format='{:.1f} m')",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address of a JupyterLab with settings of its own, over the live notebooks."""
    if not (LIVE / "book").is_dir():
        pytest.fail("there are no live notebooks: run `make book` first")
    home = tmp_path_factory.mktemp("lab")
    # a copy: a Lab saves what is open
    shutil.copytree(LIVE / "book", home / "root" / "book")
    slider = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in SLIDERS])
    slider.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(slider, home / "root" / "slider.ipynb")
    settings = {
        "config/labconfig/page_config.json": {"disabledExtensions": {"jupyterlab-myst": True}},
        "settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {
            "windowingMode": "none"
        },
        "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
            "fetchNews": "false"
        },
    }
    for name, content in settings.items():
        path = home / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content))
    own = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", "--IdentityProvider.token=", f"--port={port}"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={home / 'root'}"],
            env={**os.environ, **{key: str(home / name) for key, name in own.items()}},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            assert server.poll() is None, (home / "log").read_text()
            try:
                urllib.request.urlopen(f"{address}/api", timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        yield address
    finally:
        server.send_signal(signal.SIGTERM)  # it ends its kernels, too
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()


@pytest.fixture
def tab(browser):
    context = browser.new_context(viewport={"width": 1200, "height": 1400})
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    yield page
    context.close()


def open_notebook(tab, lab, page):
    """Open a notebook and wait until all of its text is typeset."""
    tab.goto(f"{lab}/lab/tree/book/{page}.ipynb?reset")
    notebook = json.loads((LIVE / "book" / f"{page}.ipynb").read_text(encoding="utf-8"))
    count = sum(cell["cell_type"] == "markdown" for cell in notebook["cells"])
    tab.wait_for_function(
        "count => document.querySelectorAll('.jp-MarkdownCell .jp-RenderedMarkdown').length"
        " >= count && document.querySelector('.jp-RenderedMarkdown mjx-container')",
        arg=count,
    )
    tab.wait_for_function(TYPESET)
    return notebook


# formulas are typeset some time after the text: until no dollar sign is left outside of code
TYPESET = """() => ![...document.querySelectorAll('.jp-RenderedMarkdown')].some(
  cell => { const copy = cell.cloneNode(true);
    copy.querySelectorAll('code, pre, mjx-container').forEach(part => part.remove());
    return copy.textContent.includes('$'); })"""
TEXT = """() => [...document.querySelectorAll('.jp-RenderedMarkdown')].map(
  cell => { const copy = cell.cloneNode(true);
    copy.querySelectorAll('mjx-container, code').forEach(part => part.replaceWith('#'));
    return copy.textContent; }).join('\\n')"""


def look(tab, lab, page):
    notebook = open_notebook(tab, lab, page)
    text = tab.evaluate(TEXT)
    assert not re.search(r"\{[a-z][\w:.-]*\}(#|`)", text), "a raw role"
    assert not re.search(r"```|:::|\]\(|\(\w[\w-]*\)=|</?details", text), "raw markup"
    assert not [said for said in tab.said if "target was not found" in said]
    assert tab.locator("mjx-merror, [data-mjx-error]").count() == 0
    sources = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"]
    tags = sum(source.count("\\tag{") for source in sources)
    assert tab.locator("mjx-container mjx-labels").count() == tags
    boxes = sum(source.count("<details>") for source in sources)
    assert tab.locator(".jp-RenderedMarkdown details").count() == boxes
    collapsed = tab.locator(".jp-CodeCell .jp-InputPlaceholder:visible").count()
    hidden = sum("jupyter" in cell["metadata"] for cell in notebook["cells"])
    assert collapsed == hidden


def test_one_notebook_is_finished_prose(lab, tab):
    look(tab, lab, "glassy/exercises")


@pytest.mark.weekly
@pytest.mark.parametrize("name", [name for name in PAGES if name != "glassy/exercises"])
def test_a_notebook_of_each_chapter_is_finished_prose(lab, tab, name):
    look(tab, lab, name)


@pytest.mark.weekly
def test_a_link_opens_the_notebook_beside_at_its_cell(lab, tab):
    open_notebook(tab, lab, "glassy/one_spin")
    link = tab.locator('.jp-RenderedMarkdown a[href*="stretched.ipynb"]').first
    link.scroll_into_view_if_needed()
    link.click()
    tab.wait_for_selector("h1:has-text('The stretched exponential')")
    assert tab.url.split("?")[0].split("#")[0].endswith("book/glassy/stretched.ipynb")


@pytest.mark.weekly
def test_a_slider_is_heard(lab, tab):
    """Its handle has a name, and 5.5 is not 5.499999999999999."""
    tab.goto(f"{lab}/lab/tree/slider.ipynb?reset")
    tab.wait_for_selector(".jp-CodeCell .cm-content")
    tab.wait_for_selector("[data-status=idle]")
    tab.get_by_role("menuitem", name="Run").click()
    tab.locator(".lm-Menu-itemLabel").get_by_text("Run All Cells", exact=True).click()
    slope, rise = tab.get_by_role("slider", name="slope"), tab.get_by_role("slider", name="rise")
    slope.focus()
    heard = []
    for _ in range(40):
        tab.keyboard.press("ArrowRight")
        tab.wait_for_timeout(50)
        heard.append(slope.get_attribute("aria-valuetext"))
    assert [text for text in heard if len(text) > 3] == []
    assert heard[34] == "5.5" and heard[-1] == "6"
    rise.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("() => document.activeElement.ariaValueText === '2.0 m'")


@pytest.mark.weekly
@pytest.mark.parametrize("name", PLAYED)
def test_a_slider_of_each_chapter_moves_its_figure(lab, tab, name):
    """Run all, press an arrow key on the first slider: another picture, nothing on the console."""
    errors = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    open_notebook(tab, lab, name)
    tab.wait_for_selector("[data-status=idle]")
    tab.get_by_role("menuitem", name="Run").click()
    tab.locator(".lm-Menu-itemLabel").get_by_text("Run All Cells", exact=True).click()
    output = tab.locator(".jp-OutputArea-output:has([role=slider])").first
    output.wait_for()
    output.scroll_into_view_if_needed()
    before = output.locator(SHOWN).first.evaluate("part => part.outerHTML")
    slider = output.get_by_role("slider").first
    said = len(tab.said)
    slider.focus()
    value = slider.get_attribute("aria-valuetext") or slider.get_attribute("aria-valuenow")
    tab.keyboard.press("ArrowLeft")
    tab.wait_for_function(
        "([part, shown, before]) => part.querySelector(shown)?.outerHTML !== before",
        arg=[output.element_handle(), SHOWN, before],
    )
    assert value != (
        slider.get_attribute("aria-valuetext") or slider.get_attribute("aria-valuenow")
    )
    assert output.locator(SHOWN).count() >= 1
    assert errors == [] and not [text for text in tab.said[said:] if "rror" in text]


def test_every_chapter_has_its_page():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    found = re.findall(r"book/(\w+)/\w+", json.dumps(toc))
    for pages in (PAGES, PLAYED):
        assert {page.split("/")[0] for page in pages} == set(found) - {"appendix"}
