"""A run as JUnit XML: FAIL is a failure, BROKEN an error, SKIPPED is skipped.

XML 1.0 cannot carry most control characters even escaped, so all text is made visible first.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from forklab.reports.failure import expanded
from forklab.reports.text import visible
from forklab.results.record import Result, Run, Verdict

PROPERTIES = ("program", "command", "build", "sandbox", "image", "kernel", "machine", "folder")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def render(run: Run) -> str:
    """Return the XML document of *run*."""
    suite = ET.Element("testsuite", _attributes(run))
    properties = ET.SubElement(suite, "properties")
    for name in PROPERTIES:
        if value := getattr(run, name):
            ET.SubElement(properties, "property", name=name, value=one_line(value))
    for result in run.results:
        _case(suite, run, result)
    if stopped := _stopped(run):
        case = ET.SubElement(
            suite, "testcase", classname=f"forklab.{run.lab}", name="run", time="0"
        )
        ET.SubElement(case, "error", message=one_line(stopped), type=str(Verdict.BROKEN))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def one_line(text: str) -> str:
    """Return *text* on one line, with nothing in it that XML cannot carry."""
    return _carried(" ".join(text.split("\n")))


def _carried(text: str) -> str:
    shown = visible(text)
    return "".join(REPLACEMENT if char in "\ufffe\uffff" else char for char in shown)


def _attributes(run: Run) -> dict[str, str]:
    errors = run.count(Verdict.BROKEN) + bool(_stopped(run))
    return {
        "name": f"forklab.{run.lab}",
        "tests": str(len(run.results) + bool(_stopped(run))),
        "failures": str(run.count(Verdict.FAIL)),
        "errors": str(errors),
        "skipped": str(run.count(Verdict.SKIPPED)),
        "time": f"{run.seconds:.3f}",
        "timestamp": run.began,
    }


def _stopped(run: Run) -> str:
    """Say why a run is not whole; as a case of its own, so that no reader takes it for green."""
    if run.broken:
        return f"the lab itself could not run: {run.broken}"
    if run.interrupted:
        return f"interrupted: {len(run.results)} of {run.total} checks were done"
    return ""


def _case(suite: ET.Element, run: Run, result: Result) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=f"forklab.{run.lab}",
        name=result.check.id,
        time=f"{result.seconds:.3f}",
    )
    if result.verdict is Verdict.FAIL:
        _told(case, "failure", result, result.seen)
    elif result.verdict is Verdict.BROKEN:
        _told(case, "error", result, result.reason)
    elif result.verdict is Verdict.SKIPPED:
        reason = f"because of {result.because}" if result.because else result.reason
        ET.SubElement(case, "skipped", message=one_line(reason))


def _told(case: ET.Element, tag: str, result: Result, message: str) -> None:
    body = "\n".join(_carried(line.text) for line in expanded(result, full=False))
    element = ET.SubElement(case, tag, message=one_line(message), type=str(result.verdict))
    element.text = f"\n{body}\n"
