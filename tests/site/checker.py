"""Look at one page in a real browser and say what is wrong with it."""

from urllib.parse import urlsplit

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # other hosts do not exist for this browser, so that asking one is seen but never waited for
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
PHONE = 360  # CSS pixels
COLUMNS = 48  # of a printed table that a phone must show in one row

# Runs in the page. Decorative images outside the article may have an empty alt text.
LOOK = r"""async () => {
  const faults = [];
  for (const m of document.querySelectorAll(".math"))
    if (!m.querySelector("math[data-tex]"))
      faults.push("formula not rendered: " + m.textContent.trim().slice(0, 60));
  for (const e of document.querySelectorAll("merror"))
    faults.push("formula in error: " + e.textContent);
  // figures further down load when they come near
  for (const i of document.images) i.loading = "eager";
  await Promise.allSettled([...document.images].map(i => i.decode()));
  for (const i of document.images) {
    const name = i.src.startsWith("data:") ? "inline image" : i.src;
    if (!i.hasAttribute("alt") || (i.closest("article") && !i.alt.trim()))
      faults.push("image without alt text: " + name);
    if (!i.complete || i.naturalWidth === 0) faults.push("image did not load: " + name);
  }
  if (!document.title.trim()) faults.push("no title");
  if (!document.querySelector("h1")) faults.push("no h1");
  const copy = (document.querySelector("article") || document.body).cloneNode(true);
  copy.querySelectorAll("pre, code, script, style").forEach(n => n.remove());
  const raw = copy.textContent.match(/\$\$|\\\(|\\\[|\\begin\{|\{[a-z:]+\}`/);
  if (raw) faults.push("raw markup in the text: " + raw[0]);
  return faults;
}"""

WIDTH = "document.documentElement.scrollWidth"

# How many characters fit into a line of the narrowest printed output.
ROOM = """() => {
  const pen = document.createElement("canvas").getContext("2d");
  let room = Infinity;
  for (const pre of document.querySelectorAll(".cell_output pre")) {
    const style = getComputedStyle(pre);
    if (!pre.clientWidth) continue;  // folded away
    pen.font = style.fontSize + " " + style.fontFamily;
    const inside = pre.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    room = Math.min(room, Math.floor(inside / (pen.measureText("0".repeat(100)).width / 100)));
  }
  return Number.isFinite(room) ? room : null;
}"""

# Inline formulas wider than their line: nothing breaks or scrolls them.
CUT = """() => [...document.querySelectorAll("span.math")].filter(formula => {
  let box = formula;
  while (getComputedStyle(box).display.startsWith("inline")) box = box.parentElement;
  const {paddingLeft, paddingRight} = getComputedStyle(box);
  const room = box.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
  return box.clientWidth && formula.getBoundingClientRect().width > room + 2;
}).map(formula => "formula cut off on a phone: " + formula.textContent.trim().slice(0, 60))"""


def open_page(browser):
    """Return a page in the browser's one context: its pages share a cache."""
    context = browser.contexts[0] if browser.contexts else browser.new_context()
    return context.new_page()


def faults(browser, url):
    """Everything wrong with the page at `url`, as readable lines; an empty list is a good page."""
    found = []
    home = urlsplit(url).netloc
    page = open_page(browser)

    def stays_home(request):
        address = urlsplit(request.url)
        if address.scheme in ("http", "https") and address.netloc != home:
            found.append(f"request to another host: {request.url}")

    page.on("request", stays_home)
    page.on("console", lambda m: m.type == "error" and found.append(f"console: {m.text}"))
    page.on("pageerror", lambda error: found.append(f"script error: {error}"))
    page.on("response", lambda r: r.status >= 400 and found.append(f"{r.status}: {r.url}"))
    page.goto(url)
    page.wait_for_load_state("networkidle")
    found += page.evaluate(LOOK)
    page.set_viewport_size({"width": PHONE, "height": 740})
    if (width := page.evaluate(WIDTH)) > PHONE:
        found.append(f"{width} pixels wide on a screen of {PHONE}")
    found += page.evaluate(CUT)
    if (room := page.evaluate(ROOM)) is not None and room < COLUMNS:
        found.append(f"printed tables have room for {room} columns, must be >= {COLUMNS}")
    page.close()
    return found
