# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Google Compute Engine acted out for one project: compute.py DISCOVERY DIRECTORY [PORT]

An emulation: networks, subnetworks, instances that only exist as data, and firewall rules, over the part of compute v1
that reads, makes, changes and deletes them. Each request and each answer is held against Google's own description of the
interface (contract.py); what breaks it is refused, and told at /seen. What the description leaves to prose is in
compute_resources.py.

It is a proxy on loopback that knows only Google's three names and is their server itself (tunnel.py). It writes ca.pem,
to verify it by, and credentials.json, a service account's key, to DIRECTORY. Tests steer it by plain http on the same port:

    POST /faults      {"call": "firewalls.list", "times": 2, "status": 403, "code": "rateLimitExceeded", "message": "..."}
                      {"call": "firewalls.list", "times": 2, "stale": true}    after the next write: what was answered before it
                      {"call": "firewalls.insert", "after": 2, "lost": true}   the third is done, but its answer is lost
                      {"call": "firewalls.delete", "times": 1, "undone": "..."}   its operation ends with this error
                      {}                                                       no faults
    POST /operations  {"seconds": 3}                                           how long one takes
    POST /policies    firewall policies of the organization, as instances.getEffectiveFirewalls tells them
    POST /seen        nothing but the answer, which is the same for all of them:
                      {"struck": {"firewalls.list": 2}, "violations": [...], "writes": 7, "calls": {"firewalls.list": 12}}
"""

from __future__ import annotations

import json
import sys
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from compute_filter import matches
from compute_resources import COMPLETE, LINKS, Refused, Resource, is_for, users_of
from contract import Contract, Method
from faults import Answer, Faults, end_with_parent
from tokens import ENDPOINT, Tokens
from tunnel import serve

PROJECT = "my-project"  # that of the example inventory
ZONES = ("europe-west1-b", "europe-west1-c", "europe-west1-d")
NAMES = ("compute.googleapis.com", "www.googleapis.com", urllib.parse.urlsplit(ENDPOINT).netloc)
# small, so that every list of rules has several pages
PAGE = 4
JSON = "application/json; charset=UTF-8"


def error(status: int, reason: str, message: str) -> tuple[str, bytes]:
    """An error as compute v1 writes it."""
    told = {"code": status, "message": message, "errors": [{"message": message, "domain": "global", "reason": reason}]}
    return JSON, json.dumps({"error": told}).encode()


class Operation:
    """A change on its way: it happens when its time has come."""

    def __init__(
        self, name: str, kind: str, target: str, seconds: float, happen: Callable[[], Any], failure: str
    ) -> None:
        scope = target.rsplit("/", 2)[0]
        self.link = f"{scope}/operations/{name}"
        self.target = target
        self._ends = time.time() + seconds
        self._happen, self._failure = happen, failure
        self._told: Resource = {
            "kind": "compute#operation",
            "id": str(int(time.time() * 1e6)),
            "name": name,
            "operationType": kind,
            "status": "RUNNING",
            "progress": 0,
            "targetLink": target,
            "selfLink": self.link,
            "user": "tests",
            "insertTime": _now(),
        }
        where = scope.rsplit("/", 2)[1]
        if where in ("zones", "regions"):
            self._told[where[:-1]] = scope

    @property
    def done(self) -> bool:
        return self._told["status"] == "DONE"

    def settle(self) -> None:
        """Let it happen if its time has come."""
        if self.done or time.time() < self._ends:
            return
        self._told.update(status="DONE", progress=100, endTime=_now())
        if self._failure:
            cause = {"code": "RESOURCE_OPERATION_FAILED", "message": self._failure}
            self._told.update(error={"errors": [cause]}, httpErrorStatusCode=400, httpErrorMessage="BAD REQUEST")
        else:
            self._happen()

    def told(self) -> Resource:
        return dict(self._told)


class Compute:
    """The project, behind the contract and the faults."""

    def __init__(self, contract: Contract, tokens: Tokens, seconds: float = 0.3) -> None:
        self._contract, self._tokens, self._seconds = contract, tokens, seconds
        self._store: dict[str, Resource] = {}
        self._operations: dict[str, Operation] = {}
        self._policies: list[Resource] = []
        self._violations: list[str] = []
        self._calls: Counter[str] = Counter()
        self._faults, self._token_faults = Faults(error), Faults(_token_error)
        self._own_faults: list[dict[str, Any]] = []
        self._lock = threading.RLock()

    def steer(self, path: str, body: Any) -> Any:
        """What a test asks of the emulation itself."""
        with self._lock:
            struck = self._struck()
            if path == "/faults":
                self._arm(body)
            elif path == "/operations":
                self._seconds = body["seconds"]
            elif path == "/policies":
                self._set_policies(body)
            elif path != "/seen":
                return None
            return {
                "struck": struck,
                "violations": self._violations,
                "writes": self._faults.writes,
                "calls": self._calls,
            }

    def answer(self, host: str, verb: str, target: str, authorization: str, raw: bytes) -> Answer | None:
        """What Google answers, or None where the answer is lost."""
        if host == NAMES[2]:
            return self._token(verb, target, raw)
        url = urllib.parse.urlsplit(target)
        found = self._contract.find(verb, url.path)
        if found is None:
            return self._broken(f"{verb} {url.path}", ["compute v1 has no such method"], 404)
        method, names = found
        query = urllib.parse.parse_qsl(url.query, keep_blank_values=True)
        try:
            body = json.loads(raw) if raw else None
        except ValueError as problem:
            return self._broken(method.id, [f"no JSON: {problem}"], 400)
        problems = self._contract.request_problems(method, names, query, body)
        if problems:
            return self._broken(method.id, problems, 400)
        if not self._tokens.accepts(authorization):
            return 401, *error(401, "authError", "Request had invalid authentication credentials.")
        with self._lock:
            self._calls[method.id] += 1
            return self._work(method, names, dict(query), body, target.encode())

    def _work(
        self, method: Method, names: Mapping[str, str], query: Mapping[str, str], body: Any, question: bytes
    ) -> Answer | None:
        faulty = self._faults.answer(method.id, question)
        if faulty:
            return faulty
        for operation in self._operations.values():
            operation.settle()
        try:
            told = self._do(method, names, query, body)
            answer = (200, JSON, json.dumps(told).encode())
        except Refused as refused:
            answer = (refused.status, *error(refused.status, refused.reason, str(refused)))
        problems = self._contract.answer_problems(method, answer[0], json.loads(answer[2]))
        self._violations += [f"answer to {method.id}: {problem}" for problem in problems]
        self._faults.remember(method.id, question, answer)
        return None if self._fault("lost", method.id) else answer

    def _do(self, method: Method, names: Mapping[str, str], query: Mapping[str, str], body: Any) -> Resource:
        collection, verb = method.id.split(".")
        if names["project"] != PROJECT:
            raise Refused(404, "notFound", f"The resource 'projects/{names['project']}' was not found")
        if collection.endswith("Operations") and verb in ("get", "wait"):
            return self._operation(_scope(names) + f"/operations/{names['operation']}", verb == "wait")
        if collection not in COMPLETE:
            raise Refused(501, "notImplemented", f"{method.id} is not acted out")
        link = f"{_scope(names)}/{collection}/{names.get(collection[:-1], '')}"
        if verb == "list":
            return self._list(method, link, query)
        if verb == "aggregatedList":
            return self._aggregated_list(method, names["project"], query)
        if verb == "insert":
            return self._insert(method, link + body["name"], body)
        if link not in self._store:
            raise Refused(404, "notFound", f"The resource '{link.removeprefix(LINKS)}' was not found")
        if verb == "get":
            return self._store[link]
        if verb == "getEffectiveFirewalls":
            return self._effective(self._store[link], query.get("networkInterface"))
        if verb == "patch":
            return self._patch(method, link, body)
        if verb == "delete":
            return self._delete(method, link)
        raise Refused(501, "notImplemented", f"{method.id} is not acted out")

    def _operation(self, link: str, wait: bool) -> Resource:
        operation = self._operations.get(link)
        if operation is None:
            raise Refused(404, "notFound", f"The resource '{link.removeprefix(LINKS)}' was not found")
        while wait and not operation.done:
            time.sleep(0.05)
            operation.settle()
        return operation.told()

    def _selected(self, prefix: str, query: Mapping[str, str]) -> list[Resource]:
        resources = [self._store[link] for link in sorted(self._store) if link.startswith(prefix)]
        try:
            return [found for found in resources if not query.get("filter") or matches(found, query["filter"])]
        except ValueError as problem:
            raise Refused(400, "invalid", str(problem)) from None

    def _list(self, method: Method, prefix: str, query: Mapping[str, str]) -> Resource:
        found = self._selected(prefix, query)
        first, size = int(query.get("pageToken", 0)), min(PAGE, int(query.get("maxResults", PAGE)))
        page = {"kind": _kind(method.response), "id": prefix, "selfLink": prefix.rstrip("/")}
        if found[first:]:
            page["items"] = found[first : first + size]
        if found[first + size :]:
            page["nextPageToken"] = str(first + size)
        return page

    def _aggregated_list(self, method: Method, project: str, query: Mapping[str, str]) -> Resource:
        collection = method.id.split(".")[0]
        empty = {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": "There are no results for this scope."}}
        items = {}
        for zone in ZONES:
            found = self._selected(f"{LINKS}projects/{project}/zones/{zone}/{collection}/", query)
            items[f"zones/{zone}"] = {collection: found} if found else empty
        return {"kind": _kind(method.response), "id": f"projects/{project}/aggregated/{collection}", "items": items}

    def _effective(self, target: Resource, interface: str | None) -> Resource:
        """For an interface of an instance, or for a network: assumed is that rules that are switched off are told too."""
        network = target["selfLink"]
        if interface is not None:
            networks = [nic["network"] for nic in target["networkInterfaces"] if nic["name"] == interface]
            if not networks:
                raise Refused(400, "invalid", f"Invalid value for field 'networkInterface': '{interface}'.")
            network = networks[0]
        rules = [r for r in self._store.values() if r["kind"] == "compute#firewall" and r["network"] == network]
        told = {"firewalls": [rule for rule in rules if interface is None or is_for(rule, target)]}
        return {**told, "firewallPolicys": self._policies} if self._policies else told

    def _insert(self, method: Method, link: str, body: Resource) -> Resource:
        if link in self._store or self._busy(link):
            raise Refused(409, "alreadyExists", f"The resource '{link.removeprefix(LINKS)}' already exists")
        made = COMPLETE[method.id.split(".")[0]](body, link, self._store)
        made.update(kind=_kind(method.request), id=str(time.time_ns()), selfLink=link, creationTimestamp=_now())
        return self._start(method, link, lambda: self._store.update({link: made}))

    def _patch(self, method: Method, link: str, body: Resource) -> Resource:
        """Fields that are there take the place of what was; so does a list, as a whole."""
        self._require_idle(link)
        before = self._store[link]
        made = COMPLETE[method.id.split(".")[0]]({**before, **body}, link, self._store)
        for field in ("direction", "network"):
            if made.get(field) != before.get(field):
                raise Refused(400, "invalid", f"Invalid value for field 'resource.{field}': it cannot be changed.")
        return self._start(method, link, lambda: self._store.update({link: made}))

    def _delete(self, method: Method, link: str) -> Resource:
        self._require_idle(link)
        users = users_of(link, self._store)
        if users:
            message = (
                f"The resource '{link.removeprefix(LINKS)}' is already being used by '{users[0].removeprefix(LINKS)}'"
            )
            raise Refused(400, "resourceInUseByAnotherResource", message)
        return self._start(method, link, lambda: self._store.pop(link))

    def _start(self, method: Method, link: str, happen: Callable[[], Any]) -> Resource:
        self._faults.wrote()
        verb = method.id.split(".")[1]
        undone = self._fault("undone", method.id)
        name = f"operation-{time.time_ns()}"
        operation = Operation(name, verb, link, self._seconds, happen, undone["undone"] if undone else "")
        self._operations[operation.link] = operation
        operation.settle()
        return operation.told()

    def _busy(self, link: str) -> bool:
        return any(operation.target == link and not operation.done for operation in self._operations.values())

    def _require_idle(self, link: str) -> None:
        if self._busy(link):
            raise Refused(400, "resourceNotReady", f"The resource '{link.removeprefix(LINKS)}' is not ready")

    def _struck(self) -> Counter[str]:
        struck = Counter(self._faults.struck)
        struck.update(self._token_faults.struck)
        struck.update({own["call"]: own["struck"] for own in self._own_faults})
        return struck

    def _arm(self, fault: dict[str, Any]) -> None:
        if not fault:
            self._faults.arm({})
            self._token_faults.arm({})
            self._own_faults = []
        elif "lost" in fault or "undone" in fault:
            self._own_faults.append({"after": 0, "times": 1, "struck": 0, **fault})
        elif fault["call"] == "token":
            self._token_faults.arm(fault)
        else:
            self._faults.arm(fault)

    def _fault(self, kind: str, call: str) -> dict[str, Any] | None:
        for fault in self._own_faults:
            if kind not in fault or fault["call"] != call:
                continue
            fault["after"] -= 1
            if fault["after"] < 0 < fault["times"]:
                fault["times"] -= 1
                fault["struck"] += 1
                return fault
        return None

    def _set_policies(self, policies: list[Resource]) -> None:
        schema = "InstancesGetEffectiveFirewallsResponseEffectiveFirewallPolicy"
        for policy in policies:
            self._violations += [f"policy: {problem}" for problem in self._contract.schema_problems(policy, schema)]
        self._policies = policies

    def _token(self, verb: str, target: str, raw: bytes) -> Answer:
        faulty = self._token_faults.answer("token", raw)
        if faulty:
            return faulty
        if (verb, target) != ("POST", urllib.parse.urlsplit(ENDPOINT).path):
            return self._broken(f"{verb} {target}", ["not the token endpoint"], 404)
        status, told = self._tokens.grant(raw.decode())
        return status, JSON, json.dumps(told).encode()

    def _broken(self, what: str, problems: list[str], status: int) -> Answer:
        with self._lock:
            self._violations += [f"{what}: {problem}" for problem in problems]
        return status, *error(status, "invalid", "; ".join(problems))


def _token_error(status: int, reason: str, message: str) -> tuple[str, bytes]:
    return JSON, json.dumps({"error": reason, "error_description": message}).encode()


def _scope(names: Mapping[str, str]) -> str:
    project = f"{LINKS}projects/{names['project']}"
    if "zone" in names:
        return f"{project}/zones/{names['zone']}"
    return f"{project}/regions/{names['region']}" if "region" in names else f"{project}/global"


def _kind(schema: str) -> str:
    return f"compute#{schema[0].lower()}{schema[1:]}"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000-00:00", time.gmtime())


if __name__ == "__main__":
    end_with_parent()
    document, directory = Path(sys.argv[1]), Path(sys.argv[2])
    account = Tokens(PROJECT)
    key_file = directory / "credentials.json"
    key_file.touch(0o600)
    key_file.write_text(json.dumps(account.key_file()), encoding="utf-8")
    compute = Compute(Contract(json.loads(document.read_text(encoding="utf-8"))), account)
    serve(compute.answer, compute.steer, NAMES, directory / "ca.pem", int(sys.argv[3]) if len(sys.argv) > 3 else 19600)
