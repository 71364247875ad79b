"""Grades as JUnit XML, in the strict dialect of Ant, which every reader takes.

A suite for each submission. FAIL is a failure, BROKEN an error, SKIPPED is skipped. In this dialect
(windyroad/JUnit-Schema) the root has no attributes, a suite has properties, system-out and
system-err, and a case has one child at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from forklab.emitters.clean import line, lines, moment, remarks, why_not_judged
from forklab.grades.grade import Grade, Mark
from forklab.reports.junit import one_line

CHILD = {"FAIL": "failure", "BROKEN": "error", "SKIPPED": "skipped"}
HOST = "localhost"  # what the schema wants where the name is of no use


def render(grades: Sequence[Grade]) -> str:
    """Return the document."""
    root = ET.Element("testsuites")
    for number, grade in enumerate(grades):
        _suite(root, grade, number)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _suite(root: ET.Element, grade: Grade, number: int) -> None:
    verdicts = [mark.verdict for mark in grade.marks]
    not_judged = not grade.judged and "BROKEN" not in verdicts
    name = _text(line(grade.submission, empty="submission")).strip()
    suite = ET.SubElement(root, "testsuite", id=str(number), package=f"forklab.{grade.lab}")
    suite.attrib |= {
        "name": name,
        "timestamp": f"{moment(grade):%Y-%m-%dT%H:%M:%S}",
        "hostname": HOST,
        "tests": str(len(verdicts) + not_judged),
        "failures": str(verdicts.count("FAIL")),
        "errors": str(verdicts.count("BROKEN") + not_judged),
        "skipped": str(verdicts.count("SKIPPED")),
        "time": f"{grade.seconds:.3f}",
    }
    properties = ET.SubElement(suite, "properties")
    for key in ("verdict", "points", "possible", "penalty", "sandbox", "command"):
        ET.SubElement(properties, "property", name=key, value=_text(str(getattr(grade, key))))
    for mark in grade.marks:
        _case(suite, f"forklab.{grade.lab}", mark)
    if not_judged:
        case = ET.SubElement(suite, "testcase", name="run", classname=f"forklab.{grade.lab}")
        case.set("time", "0")
        ET.SubElement(case, "error", type="BROKEN", message=_text(why_not_judged(grade)))
    ET.SubElement(suite, "system-out").text = _carried("\n".join(remarks(grade)))
    ET.SubElement(suite, "system-err").text = _carried(lines(grade.warnings))


def _case(suite: ET.Element, classname: str, mark: Mark) -> None:
    case = ET.SubElement(suite, "testcase", classname=classname, time=f"{mark.seconds:.3f}")
    case.set("name", _text(line(mark.id, empty="check")).strip())
    tag = CHILD.get(mark.verdict)
    if tag == "skipped":
        ET.SubElement(case, tag, message=_text(line(mark.seen)))
    elif tag:
        child = ET.SubElement(case, tag, type=mark.verdict, message=_text(line(mark.seen)))
        child.text = _carried(lines(mark.text))


def _text(text: str) -> str:
    return one_line(text)


def _carried(text: str) -> str:
    return "\n".join(one_line(row) for row in text.split("\n"))
