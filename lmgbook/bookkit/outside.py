"""Do the pages' links to other sites still lead somewhere? A question for the weekly run.

Each address is asked for once, without its fragment. "Not found" and a host that does not exist
are faults. Anything else is not: publishers turn programs away (403, 429, a page that asks who you
are), and a server may rest for an hour; those are listed.
"""

import concurrent.futures
import re
import socket
import urllib.error
import urllib.request
from html import unescape
from pathlib import Path
from urllib.parse import urldefrag

from . import site

LINK = re.compile(r'<a [^>]*?href="(https?://[^"]+)"')
GONE = {404, 410}
AGENT = {"User-Agent": "Mozilla/5.0 (links of a book, asked weekly)"}


def addresses(html, own=""):
    """Address -> one page that links to it; those of the book's own repository are left out."""
    found = {}
    for path in sorted(Path(html).rglob("*.html")):
        if "_static" not in path.parts:
            for link in LINK.findall(path.read_text("utf-8")):
                address = urldefrag(unescape(link)).url
                if not (own and address.startswith(own)):
                    found.setdefault(address, path.relative_to(html).as_posix())
    return found


def ask(address, seconds=30):
    """Return (gone, what the server said)."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(address, headers=AGENT), timeout=seconds
        ) as answer:
            return False, str(answer.status)
    except urllib.error.HTTPError as error:
        return error.code in GONE, str(error.code)
    except urllib.error.URLError as error:
        return isinstance(error.reason, socket.gaierror), str(error.reason)
    except OSError as error:
        return False, str(error)


def main(root):
    """Ask for all; returns the exit code."""
    found = addresses(Path(root, "_build", "html"), site.repository(root) or "")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = dict(zip(found, pool.map(ask, found), strict=True))
    for address, (gone, said) in answers.items():
        if gone or said != "200":
            print(f"{'GONE' if gone else 'unclear'} ({said}): {address}, from {found[address]}")
    count = sum(gone for gone, _ in answers.values())
    print(f"{len(answers)} addresses, {count} gone")
    return 1 if count else 0
