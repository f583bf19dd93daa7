# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What came of a run that renews: green is only one after which every certificate was seen to be served, and somebody could have renewed it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.filter.renewal_outcome import renewal_outcome
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, run


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What https_check says of real servers, one of which has a certificate that ends soon."""
    lab = Lab(tmp_path_factory.mktemp("lab"))
    with lab.serving() as good, lab.serving(pki.issue("es2", lab.intermediate, not_after=20 * pki.DAY)) as ending:
        asked = [{"url": one.url, "min_days_valid": 29} for one in (good, ending)]
        yield [run(endpoint, ca_path=lab.ca_path) for endpoint in asked]


def outcome(*results: Any, **given: Any) -> Any:
    nodes = given.pop("nodes", {"es1": {"reached": True}})
    return renewal_outcome([{"from": "localhost", "result": result} for result in results], nodes=nodes, **given)


def test_it_says_in_one_line_what_was_renewed_and_which_certificate_ends_first(seen: Any) -> None:
    nodes = {"es1": {"reached": True, "due": ["it has fewer than 30 days left"]}, "es2": {"reached": True, "due": [], "left": ["the CA is another"]}}
    said = outcome(seen[0], nodes=nodes)
    assert said["problems"] == [] and "\n" not in said["summary"]
    ends = pki.now() + 90 * pki.DAY
    served = "of what 1 node serves, seen from localhost, the first to end is that of 127.0.0.1"
    assert said["summary"].startswith(f"Renewed es1 (it has fewer than 30 days left); {served}")
    assert f"at {ends:%Y-%m-%d}T" in said["summary"] and "in 89 days." in said["summary"]
    assert said["summary"].endswith("Left to a run of tlsfront.elasticsearch.site: es2 (the CA is another).")


def test_in_check_mode_it_says_what_it_would_do(seen: Any) -> None:
    revoked = [{"revoked": ["1f"], "next_update": "2026-12-26T00:00:00Z"}]
    said = outcome(seen[0], nodes={"es1": {"reached": True, "due": ["it was revoked"]}}, revoked=revoked, check=True)
    assert said["summary"].startswith("Would revoke 1f; Would renew es1 (it was revoked);")
    assert "the list of revoked certificates ends at 2026-12-26T00:00:00Z" in said["summary"]


def test_what_needs_a_person_before_long_is_said_once(seen: Any) -> None:
    warned = {"reached": True, "warnings": ["/x/ca.pem ends at 2027."]}
    assert outcome(seen[0], nodes={"es1": warned, "es2": warned})["summary"].endswith(" days. /x/ca.pem ends at 2027.")


def test_a_certificate_that_ends_soon_is_a_problem_whatever_was_done(seen: Any) -> None:
    (problem,) = outcome(*seen)["problems"]
    assert "seen from localhost: certificate_expires_soon: " in problem
    assert outcome(*seen)["summary"] == ""


def test_a_node_that_failed_is_a_problem_although_its_certificate_is_good(seen: Any) -> None:
    nodes = {"es1": {"reached": True}, "es2": {"reached": True, "failed": "nginx does not reload\nat all"}}
    assert outcome(seen[0], nodes=nodes)["problems"] == ["es2: nginx does not reload at all"]


def test_a_list_that_could_not_be_signed_is_a_problem(seen: Any) -> None:
    assert outcome(seen[0], revoked=[{"failed": False, "msg": "ca.key is not there."}])["problems"] == ["ca.key is not there."]


def test_a_revocation_that_did_not_come_about_is_a_problem(seen: Any) -> None:
    (none,) = outcome(seen[0], asked=["es3"])["problems"]
    assert "What es3 has got was not revoked" in none
    former = [{"revoked": [], "unrevoked": ["The certificate 1f of es3 was signed by CN=Former."], "next_update": ""}]
    assert outcome(seen[0], asked=["es3"], revoked=former)["problems"] == ["The certificate 1f of es3 was signed by CN=Former."]
    assert outcome(seen[0], asked=["es3"], revoked=[{"revoked": [], "next_update": "2026-12-26T00:00:00Z"}])["problems"] == []


def test_what_a_host_of_another_group_may_go_on_serving_is_told_and_is_no_failure(seen: Any) -> None:
    given = {"asked": ["es3"], "revoked": [{"revoked": ["1f"], "next_update": "2026-12-26T00:00:00Z"}], "elsewhere": ["es3"], "group": "members"}
    told = (
        'es3 is in the inventory, but not in the group "members", so it got no other certificate: where it still serves what was revoked, it goes on doing so '
        "until tlsfront.elasticsearch.renew or site is run with its own group (-e tlsfront_group=...)."
    )
    said = outcome(seen[0], **given)
    assert said["problems"] == [] and said["summary"].startswith("Revoked 1f; ") and said["summary"].endswith(told)
    assert "so it would get no other" in outcome(seen[0], check=True, **given)["summary"]
    # and where the run fails for another reason
    assert outcome(*seen, **given)["problems"][-1] == told
    several = outcome(seen[0], **given | {"elsewhere": ["es3", "es4"]})["summary"]
    assert 'es3 and es4 are in the inventory, but not in the group "members", so they got no other certificate: where they still serve' in several
    # of what was not revoked there is nothing to tell
    failed = given | {"revoked": [{"msg": "ca.key is not there."}]}
    assert outcome(seen[0], **failed)["problems"] == ["ca.key is not there."]


def test_a_node_that_is_away_is_no_problem_where_what_it_serves_was_seen(seen: Any) -> None:
    said = outcome(seen[0], nodes={"es1": {"reached": True}, "es2": {}})
    assert said["problems"] == [] and "Ansible could not reach es2: what it serves is not due yet." in said["summary"]


def test_where_all_are_away_nobody_would_renew_them_in_time(seen: Any) -> None:
    (problem,) = outcome(seen[0], nodes={"es1": {}, "es2": {}})["problems"]
    assert "Ansible can reach none of the nodes (es1, es2)" in problem and "no SSH agent" in problem


def test_a_probe_host_that_could_not_ask_is_a_problem(seen: Any) -> None:
    (problem,) = outcome(seen[0], {"msg": "no elasticsearch", "failed": True})["problems"]
    assert "seen from localhost: check_not_run: no elasticsearch" in problem


def test_nobody_who_asked_is_no_proof() -> None:
    with pytest.raises(Exception, match="There is no observation, so nothing was checked"):
        outcome()
