# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Amazon EC2 acted out by moto's server on loopback: ec2.py [PORT]

Added to moto are faults on demand (faults.py) and one rule of EC2 that it lacks: a security group that an interface uses, or
a rule of another group, cannot be deleted. Tests steer it by plain http on the same port:

    POST /faults      see faults.py
    POST /seen        nothing but the answer, which is the same
"""

from __future__ import annotations

import io
import json
import sys
import urllib.parse
from collections.abc import Iterable
from typing import Any

from faults import Answer, Faults, end_with_parent
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Request, Response

XML = "text/xml; charset=utf-8"


def error(status: int, code: str, message: str) -> tuple[str, bytes]:
    """An error as EC2's query interface writes it, which is the same for every status."""
    body = f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
    return XML, f"<?xml version='1.0'?>{body}<RequestID>00000000</RequestID></Response>".encode()


def uses_of(group_id: str, region: str) -> list[str]:
    """What uses a security group: interfaces, and rules of other groups."""
    backend = ec2_backends[DEFAULT_ACCOUNT_ID][region]
    found = [eni.id for eni in backend.enis.values() if group_id in {group.id for group in eni.group_set}]
    for groups in backend.groups.values():
        for group in groups.values():
            sources = {rule.source_group.get("GroupId") for rule in group.ingress_rules if rule.source_group}
            if group.id != group_id and group_id in sources:
                found.append(group.id)
    return found


class Ec2:
    """moto, behind its faults."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._faults = Faults(error)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        if request.path in ("/faults", "/seen"):
            told = {"struck": self._faults.struck, "writes": self._faults.writes}
            if request.path == "/faults":
                self._faults.arm(json.loads(request.get_data()))
            return _json(told)(environ, start_response)
        status, kind, body = self._answer(request)
        return Response(body, status, content_type=kind)(environ, start_response)

    def _answer(self, request: Request) -> Answer:
        question = request.get_data()
        asked = dict(urllib.parse.parse_qsl(question.decode()))
        call = asked.get("Action", "")
        faulty = self._faults.answer(call, question) or self._refusal(asked, request)
        if faulty:
            return faulty
        if not call.startswith(("Describe", "Get")):
            self._faults.wrote()
        body, status, headers = run_wsgi_app(self._moto, {**request.environ, "wsgi.input": io.BytesIO(question)})
        answer = (int(status.split()[0]), headers.get("Content-Type") or XML, b"".join(body))
        self._faults.remember(call, question, answer)
        return answer

    def _refusal(self, asked: dict[str, str], request: Request) -> Answer | None:
        if asked.get("Action") != "DeleteSecurityGroup":
            return None
        region = request.headers["Authorization"].split("/")[2]
        uses = uses_of(asked.get("GroupId", ""), region)
        if not uses:
            return None
        said = f"resource {asked['GroupId']} has a dependent object"
        return (400, *error(400, "DependencyViolation", said))


def _json(told: dict[str, Any]) -> Response:
    return Response(json.dumps(told), mimetype="application/json")


if __name__ == "__main__":
    end_with_parent()
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 19500
    make_server("127.0.0.1", port, Ec2(), threaded=True).serve_forever()
