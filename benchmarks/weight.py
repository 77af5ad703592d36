"""What a page of the built book costs on a first visit: kilobytes, requests, processor time.

    .venv/bin/python benchmarks/weight.py [FOLDER] [--pages N] [--all]

opens pages of FOLDER (default `_build/html`) in Chromium with an empty cache, from a server that
packs what it sends with gzip, on a screen of 1280 by 900 pixels. It needs the packages of
`requirements-test.lock` (`make lint` installs them) and names the median and the worst; `--all`
lists every page. The processor time is that of the page's main thread until nothing moves any more;
`shift` is the sum of layout shifts, of which 0.1 is called good.
"""

import argparse
import gzip
import statistics
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

PACKED = {".html", ".css", ".js", ".svg", ".json"}
SHIFT = """new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(e => sum += e.value))
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 300);
})"""


class Handler(SimpleHTTPRequestHandler):
    """Send packed files, and remember how many bytes."""

    sent = 0

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        data = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        if path.suffix in PACKED:
            data = gzip.compress(data, 9)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        type(self).sent += len(data)

    def log_message(self, *arguments):
        pass


def visit(browser, address):
    """Kilobytes, requests, seconds and layout shift of one page."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = Handler.sent
    page.goto(address)
    page.wait_for_load_state("networkidle")
    shift = page.evaluate(SHIFT)
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    context.close()
    count = sum(not url.startswith("data:") for url in requests)
    return (Handler.sent - before) / 1000, count, metrics["TaskDuration"], shift


def main():
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", default="_build/html", type=Path)
    parser.add_argument("--pages", type=int, help="so many pages, spread over the book")
    parser.add_argument("--all", action="store_true", help="list every page")
    options = parser.parse_args()
    pages = sorted(options.folder.glob("book/**/*.html"))
    if options.pages:
        pages = pages[:: max(1, len(pages) // options.pages)]
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=options.folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rows = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        for path in pages:
            name = path.relative_to(options.folder).as_posix()
            rows[name] = visit(browser, f"http://127.0.0.1:{server.server_port}/{name}")
        browser.close()
    server.shutdown()
    line = "{:44} {:8.0f} {:8.0f} {:8.2f} {:8.3f}"
    print(f"{len(rows)} pages, first visit")
    print(f"{'':44} {'kB':>8} {'requests':>8} {'CPU s':>8} {'shift':>8}")
    for name, row in rows.items() if options.all else ():
        print(line.format(name, *row))
    columns = list(zip(*rows.values(), strict=True))
    print(line.format("median", *map(statistics.median, columns)))
    print(line.format("worst", *map(max, columns)))


if __name__ == "__main__":
    main()
