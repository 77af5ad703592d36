"""The QTI package: well-formed items that accept what `check` accepts.

All items were held against the schema of the standard (imsqti_v2p1p1.xsd, with its MathML 2) when
this was written. The schema may not be passed on with the book, so the tests repeat what of it the
items use: names, order and values.
"""

import io
import re
import xml.etree.ElementTree as ET
import zipfile

import pytest
from course_parts import PARTS

from lmgbook import exercises
from lmgbook.bookkit import documents, moodle, qti

VARIANT = "xylophone"
SPACE = {"q": qti.QTI, "m": documents.MATHML}
ORDER = "responseDeclaration outcomeDeclaration itemBody responseProcessing modalFeedback".split()
TEXT = "p a em strong code ul ol li table thead tbody tr th td span div br blockquote".split()
# what the items use of MathML 2
SYMBOLS = "math mi mn mo mrow mfrac msqrt mroot msub msup msubsup mover munder munderover".split()
SYMBOLS += "mtable mtr mtd mtext mspace mstyle mphantom mpadded".split()
SIGNS = {  # their attributes
    "display": "inline|block",
    "mathvariant": "normal|bold|italic|double-struck|script",
    "stretchy": "true|false",
    "accent": "true|false",
    "style": r"[\w-]+:-?[\d.]+em;",
    **dict.fromkeys(("lspace", "rspace", "minsize", "maxsize", "width"), r"-?[\d.]+em"),
}


@pytest.fixture(scope="module")
def archive():
    return zipfile.ZipFile(io.BytesIO(qti.package(PARTS, VARIANT)))


@pytest.fixture(scope="module")
def items(archive):
    parsed = [ET.fromstring(archive.read(n)) for n in archive.namelist() if n.startswith("items/")]
    return {item.get("identifier"): item for item in parsed}


def plain(tag):
    return tag.rpartition("}")[2]


def test_every_numeric_exercise_is_there_and_listed(archive, items):
    assert sorted(items) == sorted(map(qti.identifier, exercises.ids()))
    manifest = ET.fromstring(archive.read("imsmanifest.xml"))
    listed = [node.get("href") for node in manifest.iter(f"{{{qti.CP}}}resource")]
    assert sorted(listed) == sorted(n for n in archive.namelist() if n.startswith("items/"))


def test_formulas_are_in_their_namespace(items):
    for name, item in items.items():
        tags = {node.tag for node in item.iter()}
        assert all(tag.startswith(("{" + qti.QTI, "{" + documents.MATHML)) for tag in tags), name
        assert f"{{{qti.QTI}}}math" not in tags, name
    assert sum(item.find(".//m:math", SPACE) is not None for item in items.values()) > 30


def test_items_keep_to_the_standard(items):
    for name, item in items.items():
        assert item.tag == f"{{{qti.QTI}}}assessmentItem", name
        order = [ORDER.index(plain(child.tag)) for child in item]
        assert order == sorted(order) and set(order) == set(range(len(ORDER))), name
        body = item.find("q:itemBody", SPACE)
        assert len(list(body.iter(f"{{{qti.QTI}}}textEntryInteraction"))) == 1
        for feedback in [body, *item.findall("q:modalFeedback", SPACE)]:
            for node in feedback.iter():
                allowed = [*TEXT, "textEntryInteraction", "itemBody", "modalFeedback"]
                allowed = SYMBOLS if documents.MATHML in node.tag else allowed
                assert plain(node.tag) in allowed, (name, node.tag)
                if documents.MATHML in node.tag:
                    for key, value in node.attrib.items():
                        assert re.fullmatch(SIGNS[key], value), (name, node.tag, key, value)
            assert not any(raw in ET.tostring(feedback, "unicode") for raw in ("$", "{ref}", "```"))


def answered(item, value):
    """Score and advice, by the rules of the item's own response processing."""
    for branch in item.find("q:responseProcessing/q:responseCondition", SPACE):
        test = branch.find("q:equal", SPACE)
        width = float(test.get("tolerance", "0 0").split()[0])
        assert test.get("toleranceMode") == ("absolute" if width else "exact")
        if abs(value - float(test.findtext("q:baseValue", None, SPACE))) <= width:
            set_ = {
                n.get("identifier"): n[0].text for n in branch.findall("q:setOutcomeValue", SPACE)
            }
            return float(set_.get("SCORE", 0)), set_["ADVICE"]
    return 0.0, None


def test_right_answers_and_known_mistakes(items):
    advised = 0
    for name in exercises.ids():
        item = items[qti.identifier(name)]
        target, width, mistakes = moodle.key(name, VARIANT)
        assert answered(item, float(f"{target:.10g}")) == (1.0, "right"), name
        assert answered(item, 1.7 * target + 0.3)[0] == 0
        texts = {
            node.get("identifier"): "".join(node.itertext())
            for node in item.findall("q:modalFeedback", SPACE)
        }
        for value, _ in mistakes:
            score, advice = answered(item, float(f"{value:.10g}"))
            assert score == 0 and texts[advice].strip(), name
            advised += 1
    assert advised > 100
