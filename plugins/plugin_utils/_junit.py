# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks as JUnit XML, the format in which CI servers read test results.

There is no standard. This keeps to what Jenkins' plugin reads (https://github.com/testmoapp/junitxml describes it, and
https://github.com/jenkinsci/xunit-plugin has a schema) and to what GitLab reads
(https://docs.gitlab.com/ci/testing/unit_test_reports/): it groups by `classname` and drops a test case whose
`classname` and `name` it has seen before.
"""

from __future__ import annotations

import collections
import typing as t
import xml.etree.ElementTree as ET

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import NOT_RUN
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._ports import ports_text
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._summary import probes_of

if t.TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import Check

__all__ = ["junit"]

_NAME = "tlsfront.elasticsearch.https_check"


def junit(checks: Sequence[Check], generated_at: datetime.datetime) -> str:
    """Return an XML document: a test suite for each host that looked, a test case for each check.

    A check that is not verified is a `failure` of the type of its reason; one that did not run is an `error`.
    `generated_at` is the time that all suites carry. Times are in seconds.
    """
    root = ET.Element("testsuites", {"name": _NAME, **_counts(checks)})
    for number, probe in enumerate(probes_of(checks)):
        of_probe = [check for check in checks if check.probe == probe]
        suite = ET.SubElement(
            root,
            "testsuite",
            {
                "name": f"{_NAME} from {probe}",
                "id": str(number),
                "hostname": probe,
                "timestamp": generated_at.isoformat(),
                **_counts(of_probe),
            },
        )
        seen: collections.Counter[str] = collections.Counter()
        for check in of_probe:
            name = _name(check)
            seen[name] += 1
            suite.append(_test_case(check, name if seen[name] == 1 else f"{name} #{seen[name]}"))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False).join(
        ['<?xml version="1.0" encoding="UTF-8"?>\n', "\n"]
    )


def _test_case(check: Check, name: str) -> ET.Element:
    # Jenkins takes what stands before the last dot for a package: a host's name must not be cut there.
    classname = f"https_check.from {check.probe.replace('.', '_')}"
    case = ET.Element("testcase", {"classname": classname, "name": name, "time": _seconds([check])})
    if check.state == "failed":
        kind = "error" if check.reason == NOT_RUN else "failure"
        failure = ET.SubElement(case, kind, {"type": check.reason, "message": f"{check.reason}: {check.message}"})
        # Jenkins shows the attribute first, GitLab the text alone.
        failure.text = "\n".join(filter(None, [f"{check.reason}: {check.message}", check.hint, *_facts(check)]))
    else:
        ET.SubElement(case, "system-out").text = "\n".join(_facts(check))
    return case


def _name(check: Check) -> str:
    return " at ".join(filter(None, [check.url or "the check runs", check.address]))


def _facts(check: Check) -> list[str]:
    facts = {
        "tolerated": f"{check.reason}: {check.message}" if check.tolerated else "",
        "warnings": " ".join(check.warnings),
        "tls": ", ".join(check.tls.values()) + ("" if check.tls_verified or not check.tls else " (unverified)"),
        "days left": "" if check.days_left is None else str(check.days_left),
        "cluster": ", ".join(check.cluster.values()),
        "ports": ports_text(check.tried_ports, check.open_ports, check.unknown_ports),
    }
    return [f"{name}: {fact}" for name, fact in facts.items() if fact]


def _counts(checks: Sequence[Check]) -> dict[str, str]:
    failed = [check for check in checks if check.state == "failed"]
    errors = sum(check.reason == NOT_RUN for check in failed)
    return {
        "tests": str(len(checks)),
        "failures": str(len(failed) - errors),
        "errors": str(errors),
        "skipped": "0",
        "time": _seconds(checks),
    }


def _seconds(checks: Sequence[Check]) -> str:
    return f"{sum(sum(check.timings.values()) for check in checks):.3f}"
