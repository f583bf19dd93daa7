# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The check of an endpoint, from its addresses to its verdict: each step is a function that returns a value, and the order is here."""

from __future__ import annotations

import contextlib
import ssl
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from threading import BoundedSemaphore, Lock
from typing import Callable, Mapping, Sequence, TypeVar

from .addresses import resolve
from .chain import check_chain, check_expectations, read_chain
from .cluster import read_health, read_root, require_expected
from .connection import Route, open_tcp, start_tls
from .dashboards import STATUS_PATH, read_status
from .endpoint import Endpoint, place_of
from .limits import Deadline
from .options import Target
from .ports import ask_port
from .reasons import NOT_TRIED, OK, CheckFailed
from .result import AddressResult, EndpointResult
from .transport import Answer, Requester
from .trust import Trust
from .verdict import conclude, require_same_cluster

T = TypeVar("T")

# Ansible sends its modules as a zip file, and threads that import from one at the same time may fail with "zlib not available": `_importing_zlib` in
# https://github.com/python/cpython/blob/3.13/Lib/zipimport.py
_IMPORTING = Lock()

_NEVER_CHANGES = ("invalid_url", "plaintext_url")


def check_all(
    targets: Sequence[Target],
    contexts: Mapping[Trust, ssl.SSLContext],
    concurrency: int = 32,
    retry_for: float = 0.0,
) -> list[EndpointResult]:
    """Checks every endpoint, and again what failed until ``retry_for`` seconds have passed.

    :param contexts: the context of each trust that the targets name
    """
    results = [EndpointResult(target) for target in targets]
    again = list(range(len(results)))
    end = time.monotonic() + retry_for
    pause = 0.5
    with ThreadPoolExecutor(concurrency) as walks, Connections(concurrency) as connections:
        while True:
            checks = [partial(check_endpoint, results[number].target, contexts, connections) for number in again]
            for number, result in zip(again, _results_of(walks, checks)):
                result.attempts = results[number].attempts + 1
                results[number] = result
            require_same_cluster([result for result in results if result.target.same_cluster])
            again = [n for n, one in enumerate(results) if not one.verdict.ok and one.verdict.reason not in _NEVER_CHANGES]
            left = end - time.monotonic()
            if not again or left <= 0:
                return results
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, 5.0)


class Connections:
    """At most so many are open at the same time, however many endpoints, addresses and ports there are."""

    def __init__(self, most: int) -> None:
        self._pool = ThreadPoolExecutor(most)
        self._slots = BoundedSemaphore(most)

    def __enter__(self) -> Connections:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._pool.shutdown()

    def run(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """What the calls return, made side by side; one alone is made in this thread."""
        limited = [partial(self._run_one, call) for call in calls]
        return [call() for call in limited] if len(calls) < 2 else _results_of(self._pool, limited)

    def _run_one(self, call: Callable[[], T]) -> T:
        with self._slots:
            return call()


def _results_of(pool: Executor, calls: Sequence[Callable[[], T]]) -> list[T]:
    """:raises Exception: one of them has; those that have not begun never will"""
    futures = [pool.submit(call) for call in calls]
    try:
        return [future.result() for future in futures]
    finally:
        for future in futures:
            future.cancel()


def check_endpoint(target: Target, contexts: Mapping[Trust, ssl.SSLContext], connections: Connections) -> EndpointResult:
    """One endpoint, once."""
    result = EndpointResult(target)
    if target.endpoint is None:
        result.verdict = target.verdict or NOT_TRIED
        return result
    start = time.monotonic()
    try:
        found = resolve(*(target.proxy or target.connect), target.timeout)
    except CheckFailed as failed:
        result.verdict = failed.verdict
        return result
    finally:
        result.dns = time.monotonic() - start
    if target.proxy:  # it does not tell which addresses a name has
        places = [(target.connect, Route(tuple(found), place_of(*target.connect)))]
    else:
        places = [((address[1][0], target.connect[1]), Route((address,))) for address in found]
    left = target.timeout - result.dns
    result.addresses = connections.run(
        [partial(check_address, target, target.endpoint, place, route, contexts[target.trust], left) for place, route in places]
    )
    ports = [(number, port) for number in range(len(places)) for port in target.closed_ports]
    answers = connections.run([partial(ask_port, found[number], port, target.timeout) for number, port in ports])
    for (number, port), answer in zip(ports, answers):
        result.addresses[number].ports[port] = answer
    result.verdict = conclude(target, result.addresses)
    return result


def check_address(
    target: Target, endpoint: Endpoint, place: tuple[str, int], route: Route, context: ssl.SSLContext, seconds: float
) -> AddressResult:
    """One address of an endpoint: connect, verify, ask, compare. The first step that fails gives the verdict."""
    result = AddressResult(*place)
    deadline = Deadline(seconds)
    with contextlib.ExitStack() as streams:
        try:
            requester = _connect(target, endpoint, route, context, deadline, result, streams)
            if target.is_dashboards:
                status = _ask(requester, STATUS_PATH, result)
                read_status(*status, target.authorization is not None, target.secrets, target.expected.min_version)
                result.verdict = OK
                return result
            result.cluster = read_root(*_ask(requester, "/", result), target.authorization is not None, target.secrets)
            if target.expected.min_status is not None:
                if not requester.is_open:
                    requester = _connect(target, endpoint, route, context, deadline, result, streams)
                result.cluster.status = _health(requester, target, deadline, result)
            require_expected(result.cluster, target.expected)
            result.verdict = OK
        except CheckFailed as failed:
            result.verdict = failed.verdict
        except Exception as error:
            with _IMPORTING:
                from .diagnosis import diagnose  # what a good endpoint does not need

            result.verdict, sent = diagnose(error, target, place_of(*place), result.phase, route, context, deadline)
            result.certificates = result.certificates or sent
    return result


def _connect(
    target: Target,
    endpoint: Endpoint,
    route: Route,
    context: ssl.SSLContext,
    deadline: Deadline,
    result: AddressResult,
    streams: contextlib.ExitStack,
) -> Requester:
    """What may send a request, with credentials: the other side is verified, and its chain is as it should be.

    :raises CheckFailed: the chain breaks a rule, or is not what was asked for
    :raises Exception: no connection, or OpenSSL refuses it
    """
    result.tls_verified, result.warnings = False, []
    with result.timed("connect"):
        sock = open_tcp(route, deadline)
    with result.timed("tls"):
        connection = start_tls(sock, context, target.name, deadline)
    streams.callback(connection.stream.close)
    result.tls = connection.tls
    result.certificates = chain = read_chain(connection.chain)
    result.warnings += check_chain(chain, target)
    if chain[0].ocsp_responders or chain[0].must_staple:
        with _IMPORTING:
            from .ocsp import check_stapled

        result.warnings += check_stapled(chain, route, target.name, deadline)
    result.warnings += check_expectations(chain, target)
    result.tls_verified = True
    return Requester(connection.stream, endpoint, target.name, target.authorization)


def _ask(requester: Requester, path: str, result: AddressResult) -> Answer:
    with result.timed("http"):
        return requester.get(path)


def _health(requester: Requester, target: Target, deadline: Deadline, result: AddressResult) -> str:
    try:
        answer = _ask(requester, "/_cluster/health", result)
    except Exception as error:
        if deadline.has_passed:
            text = f"_cluster/health has no answer within {target.timeout:g} s, as where no master is elected."
            raise CheckFailed("cluster_unhealthy", text) from error
        raise
    return read_health(*answer, target.authorization is not None, target.secrets)
