"""The weekly question for dead links, asked of a server of our own."""

import http.server
import threading

import pytest

from lmgbook.bookkit import outside


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("code", "gone"), [(200, False), (404, True), (410, True), (403, False), (503, False)]
)
def test_only_what_is_not_found_is_gone(server, code, gone):
    assert outside.ask(f"{server}/{code}") == (gone, str(code))


def test_a_host_that_does_not_exist_is_gone():
    assert outside.ask("http://no.such.host.invalid/")[0]


def test_addresses_are_asked_for_once(tmp_path, monkeypatch, server):
    html = tmp_path / "_build" / "html"
    html.mkdir(parents=True)
    links = [f"{server}/404#a", f"{server}/404#b", f"{server}/200", "https://github.com/a/b/tree/x"]
    (html / "a.html").write_text("".join(f'<p><a class="x" href="{each}">a</a>' for each in links))
    own = "https://github.com/a/b"
    assert outside.addresses(html, own) == {f"{server}/404": "a.html", f"{server}/200": "a.html"}
    monkeypatch.setenv("LMGBOOK_REPOSITORY", own)
    assert outside.main(tmp_path) == 1
    (html / "a.html").write_text(f'<a href="{server}/200">a</a>')
    assert outside.main(tmp_path) == 0
