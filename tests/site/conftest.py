"""A browser and a web server for the tests of the built pages. Nothing is built here."""

import os
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from checker import FLAGS
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
CHROMIUM = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A browser that leaves in the middle of an answer is no error."""


def chromium_path():
    candidates = [os.environ.get("LMGBOOK_CHROMIUM", ""), *CHROMIUM]
    return next(filter(None, map(shutil.which, candidates)), None)


# One a file, not one a session: while it is open its event loop runs in this process, and a test
# that starts notebook kernels (asyncio.run) could not follow it here.
@pytest.fixture(scope="module")
def browser():
    path = chromium_path()
    if path is None:
        reason = "no Chromium found: install it, or name it in LMGBOOK_CHROMIUM"
        if os.environ.get("LMGBOOK_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def serve():
    """Call with a folder to serve it on a free port; returns the address."""
    servers = []

    def start(folder):
        server = Server(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def html():
    if not (HTML / "index.html").exists():
        pytest.fail("the pages are not built: run `make book` first")
    return HTML


@pytest.fixture(scope="session")
def site(serve, html):
    return serve(html)


def pytest_generate_tests(metafunc):
    if "page" in metafunc.fixturenames:
        import yaml

        from lmgbook.bookkit.run_notebooks import toc_files

        toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
        metafunc.parametrize("page", [*toc_files(toc), "search", "genindex"])
