"""Every page is valid HTML, says the checker of the WHATWG (vnu), once a week."""

import json
import re
import subprocess

import pytest
from npm_tool import npm_tool

VNU = "vnu-jar@25.12.31"
# Pictures of sliders stand in the page as SVG, with spaces and "<": every browser reads them, and
# escaped they would weigh a fifth more.
# MathML Core allows these attributes on every element; the checker knows MathML 3.
ACCEPTED = re.compile(
    "Bad value  for attribute “src” on element “img”: Illegal character after “ta:”"
    "|Attribute “(displaystyle|scriptlevel)” not allowed on element “m"
)


@pytest.mark.weekly
def test_pages_are_valid_html(html):
    tools, java = npm_tool(VNU, "java")
    (jar,) = tools.rglob("vnu.jar")
    pages = [path for path in html.rglob("*.html") if "_static" not in path.parts]
    assert len(pages) > 50
    options = ["--errors-only", "--format", "json", "--stdout", "--exit-zero-always"]
    said = subprocess.run(
        [java, "-jar", jar, *options, *pages], check=True, capture_output=True, text=True
    ).stdout
    errors = [
        f"{message['url'].rpartition('/html/')[2]}, line {message.get('lastLine')}: "
        f"{message['message']} {message.get('extract', '')[:200]}"
        for message in json.loads(said)["messages"]
        if not ACCEPTED.match(message["message"])
    ]
    assert errors == []
