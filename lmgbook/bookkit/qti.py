"""The numeric exercises as QTI 2.1, for platforms other than Moodle: `qti.zip`.

A content package with one item for each exercise: the right answer with its tolerance, and advice
for what known mistakes give. Formulas are MathML, which is a part of QTI. The answers stand in the
items, so the package is for lecturers.
"""

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from html import unescape

from . import documents, moodle

QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
CP = "http://www.imsglobal.org/xsd/imscp_v1p1"
ET.register_namespace("m", documents.MATHML)
ENTITY = re.compile(r"&(?!lt;|gt;|amp;|quot;|#)\w+;")  # of HTML, unknown to XML
# MathML Core that QTI 2.1 with its MathML 2 does not know
NEWER = {"displaystyle", "scriptlevel", "class"}


def item(name, title, text, variant=None):
    """Return the item of one exercise.

    Parameters
    ----------
    name, title, text : str
        Id, title and Markdown of an exercise.
    variant : int or str, optional
        As for `lmgbook.exercises.parameters`.

    Returns
    -------
    xml.etree.ElementTree.Element
    """
    target, width, mistakes = moodle.key(name, variant)
    node = ET.Element(
        "assessmentItem",
        xmlns=QTI,
        identifier=identifier(name),
        title=title,
        adaptive="false",
        timeDependent="false",
    )
    response = declaration(node, "responseDeclaration", "RESPONSE", "float")
    ET.SubElement(ET.SubElement(response, "correctResponse"), "value").text = f"{target:.10g}"
    score = declaration(node, "outcomeDeclaration", "SCORE", "float")
    ET.SubElement(ET.SubElement(score, "defaultValue"), "value").text = "0"
    declaration(node, "outcomeDeclaration", "ADVICE", "identifier")
    body = ET.SubElement(node, "itemBody")
    body.extend(xhtml(text))
    field = ET.SubElement(ET.SubElement(body, "p"), "textEntryInteraction")
    field.set("responseIdentifier", "RESPONSE")
    field.set("expectedLength", "15")
    condition = ET.SubElement(ET.SubElement(node, "responseProcessing"), "responseCondition")
    branch = equal(condition, "responseIf", target, width)
    outcome(branch, "SCORE", "float", "1")
    outcome(branch, "ADVICE", "identifier", "right")
    for index, (value, _) in enumerate(mistakes):
        branch = equal(condition, "responseElseIf", value, width / 2)
        outcome(branch, "ADVICE", "identifier", f"mistake{index}")
    for key, advice in [
        ("right", "Correct."),
        *((f"mistake{i}", advice) for i, (_, advice) in enumerate(mistakes)),
    ]:
        feedback = ET.SubElement(node, "modalFeedback", outcomeIdentifier="ADVICE")
        feedback.set("showHide", "show")
        feedback.set("identifier", key)
        feedback.extend(xhtml(advice))
    return node


def identifier(name):
    """An id as XML wants it."""
    return re.sub(r"\W", "-", name)


def declaration(node, tag, name, kind):
    return ET.SubElement(node, tag, identifier=name, cardinality="single", baseType=kind)


def equal(condition, tag, value, width):
    """A branch for answers that equal a value, up to a width."""
    branch = ET.SubElement(condition, tag)
    mode = {"toleranceMode": "absolute", "tolerance": f"{width:.3g} {width:.3g}"}
    test = ET.SubElement(branch, "equal", mode if width else {"toleranceMode": "exact"})
    ET.SubElement(test, "variable", identifier="RESPONSE")
    ET.SubElement(test, "baseValue", baseType="float").text = f"{value:.10g}"
    return branch


def outcome(branch, name, kind, value):
    node = ET.SubElement(branch, "setOutcomeValue", identifier=name)
    ET.SubElement(node, "baseValue", baseType=kind).text = value


def xhtml(text):
    """Markdown as the elements that an item may hold."""
    plain = ENTITY.sub(lambda found: unescape(found[0]), documents.html(text))
    parts = ET.fromstring(f"<div>{plain}</div>")
    for node in parts.iter():
        if node.tag.startswith(f"{{{documents.MATHML}}}"):
            # there a length has a unit
            known = {key: v for key, v in node.attrib.items() if key not in NEWER}
            node.attrib = {key: "0em" if v == "0" else v for key, v in known.items()}
    return list(parts)


def package(notebooks, variant=None):
    """Return a content package with all exercises, as the bytes of a zip file.

    Parameters
    ----------
    notebooks, variant
        As for `lmgbook.bookkit.moodle.bank`.

    Returns
    -------
    bytes
    """
    manifest = ET.Element("manifest", xmlns=CP, identifier="lmgbook")
    about = ET.SubElement(manifest, "metadata")
    ET.SubElement(about, "schema").text = "QTIv2.1 Package"
    ET.SubElement(about, "schemaversion").text = "1.0.0"
    ET.SubElement(manifest, "organizations")
    resources = ET.SubElement(manifest, "resources")
    store = io.BytesIO()
    with zipfile.ZipFile(store, "w", zipfile.ZIP_DEFLATED) as archive:
        for notebook, _, texts in notebooks.values():
            for name, title, text in moodle.questions(notebook, texts, variant):
                place = f"items/{identifier(name)}.xml"
                resource = ET.SubElement(
                    resources,
                    "resource",
                    identifier=f"item-{identifier(name)}",
                    type="imsqti_item_xmlv2p1",
                    href=place,
                )
                ET.SubElement(resource, "file", href=place)
                write(archive, place, item(name, title, text, variant))
        write(archive, "imsmanifest.xml", manifest)
    return store.getvalue()


def write(archive, name, node):
    """Write an element into an archive, with a date that does not change."""
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, ET.tostring(node, encoding="unicode", xml_declaration=True))
