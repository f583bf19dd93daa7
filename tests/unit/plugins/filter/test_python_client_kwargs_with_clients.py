# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the real clients 7, 8 and 9 make of the filter's result, over real connections."""

from __future__ import annotations

import base64
import contextlib
import re

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.filter.python_client_kwargs import python_client_kwargs
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki, servers
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.clients import python_outcomes
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.fixtures import lab

__all__ = ["lab"]

pytestmark = pytest.mark.slow  # each case starts a program with its client
MAJORS = [7, 8, 9]
NODE = {"headers": {"X-elastic-product": "Elasticsearch"}}


@pytest.fixture(scope="module")
def world(lab):
    """The CAs that system and certifi trust: not the cluster's."""
    return lab.file(lab.other_root.pem)


@pytest.fixture(scope="module")
def of_the_world(lab):
    return pki.issue("es1", lab.other_root)


def plaintext(connection):
    """As a node that has no TLS: to it, a handshake is a bad request."""
    connection.recv(1)
    connection.sendall(servers.response({"error": "bad request"}, 400))


def both(kwargs):
    return [{"kwargs": kwargs, "sync": sync} for sync in (True, False)]


@pytest.mark.parametrize("major", MAJORS)
def test_the_client_reaches_a_verified_node_and_refuses_all_others(lab, world, of_the_world, major):
    expired = pki.issue("es1", lab.root, not_before=-9 * pki.DAY, not_after=-pki.DAY)
    served = [
        (lab.good, "^lab$"),
        (expired, "certificate has expired"),
        (pki.issue("es1", lab.root, names=["elsewhere.example"]), "certificate is not valid for|doesn't match"),
        (pki.issue("127.0.0.1", lab.root, names=None), "certificate is not valid for|doesn't match"),
        (of_the_world, "unable to get local issuer certificate"),
    ]
    with contextlib.ExitStack() as stack:
        urls = [stack.enter_context(lab.serving(issued, servers.elasticsearch(**NODE))).url for issued, _said in served]
        urls.append(stack.enter_context(servers.listening(plaintext)).url)
        cases = [case for url in urls for case in both(python_client_kwargs(url, major, lab.ca_path))]
        outcomes = python_outcomes(major, world, cases)
    expected = [said for _issued, said in served] + ["(?i)wrong.version.number|record layer failure"]
    for number, outcome in enumerate(outcomes):
        assert re.search(expected[number // 2], outcome), outcome


@pytest.mark.parametrize("major", MAJORS)
def test_credentials_and_path_arrive(lab, world, major):
    seen = []
    kinds = {
        "Basic " + base64.b64encode(b"user:pa:ss").decode(): {"url_username": "user", "url_password": "pa:ss"},
        "ApiKey a2V5": {"api_key": "a2V5"},
        "Bearer token": {"bearer_token": "token"},
    }
    with lab.serving(handler=servers.elasticsearch(requests=seen, **NODE)) as node:
        kwargs = [python_client_kwargs(node.url + "/search", major, lab.ca_path, **kind) for kind in kinds.values()]
        assert python_outcomes(major, world, [case for each in kwargs for case in both(each)]) == ["lab"] * 6
    for kind in kinds:
        of_kind = [request for request in seen if f"authorization: {kind}\r\n".lower().encode() in request.lower()]
        assert len(of_kind) >= 2, kind
    assert all(request.startswith(b"GET /search/ HTTP/1.1\r\n") for request in seen)


@pytest.mark.parametrize("major", MAJORS)
def test_without_a_ca_public_ones_are_trusted_and_verified(lab, world, of_the_world, major):
    with lab.serving(of_the_world, servers.elasticsearch(**NODE)) as public, lab.serving() as private:
        cases = [*both(python_client_kwargs(public.url, major)), *both(python_client_kwargs(private.url, major))]
        outcomes = python_outcomes(major, world, cases)
    assert outcomes[:2] == ["lab", "lab"]
    assert [outcome for outcome in outcomes[2:] if not re.search("(?i)certificate.verify.failed", outcome)] == []


@pytest.mark.parametrize("major", MAJORS)
def test_with_the_clients_own_option_more_than_the_given_ca_would_be_trusted(lab, world, of_the_world, major):
    """Why the filter gives no ca_certs. If this fails, the client has become better, and the filter can be simpler."""
    with lab.serving(of_the_world, servers.elasticsearch(**NODE)) as public:
        sync, asynchronous = python_outcomes(major, world, both({"hosts": [public.url], "ca_certs": lab.ca_path}))
    assert asynchronous == "lab"
    assert (sync == "lab") == (major > 7)
