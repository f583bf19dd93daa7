# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the module cloud_firewall does where a cloud does not do its part: it refuses, is asked too often, tells what was before, or loses an answer."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.cloud import CloudError
from clouds import POLICY, WIDER, Amazon, Google, Place, is_gone, is_whole

GOES_ON = r"(?s:.*)Nothing is cut off by stopping here, and the next run goes on from here"


def test_a_read_after_a_write_that_tells_what_was_before_is_waited_for(place: Place) -> None:
    for policy in (POLICY, WIDER):
        place.steer("faults", {"call": place.list_call, "times": 3, "stale": True})
        place.run(policy=policy)
        assert place.steer("faults")["struck"] == {place.list_call: 3}
        assert place.ports_of("192.0.2.0/24") == {"443"}
        assert is_whole(place)
    assert place.ports_of("198.51.100.0/24") == {"443"}


def test_what_is_never_told_is_no_success(place: Place) -> None:
    place.steer("faults", {"call": place.list_call, "times": 99, "stale": True})
    with pytest.raises(CloudError, match=r"goes on answering what was before the change\. Nothing is cut off .* the next run goes on from here"):
        place.run()


def refused_credentials(place: Place, fault: dict[str, Any], says: str) -> None:
    writes = place.writes()
    place.steer("faults", {"times": 99, **fault})
    told = rf"could not be read for es1, es2: (?s:.*){says}(?s:.*)Nothing was changed\. Look at the credentials \(renew them where they have expired\)"
    for part in ("open", "all"):
        with pytest.raises(CloudError, match=told):
            place.run(part)
    assert place.writes() == writes


def test_credentials_that_have_expired_are_said_before_anything_changes(place: Place) -> None:
    refused_credentials(place, {"call": "*", **place.expired}, place.expired["code" if place.list_call == Amazon.list_call else "message"])


def test_a_key_that_has_expired_is_said_before_anything_changes(google: Google) -> None:
    fault = {"call": "token", "status": 400, "code": "invalid_grant", "message": "Invalid JWT Signature."}
    refused_credentials(google, fault, "Google does not take these credentials(?s:.*)invalid_grant")


def test_amazon_is_asked_again_where_it_is_asked_too_often(amazon: Amazon) -> None:
    amazon.run()
    limit = {"times": 2, "status": 503, "code": "RequestLimitExceeded", "message": "Request limit exceeded."}
    for call in ("DescribeSecurityGroups", "DescribeNetworkInterfaces"):
        amazon.steer("faults", {"call": call, **limit})
    assert amazon.run("exposure").exposure == {"findings": [], "cut_off": []}
    assert amazon.steer("faults")["struck"] == {"DescribeSecurityGroups": 2, "DescribeNetworkInterfaces": 2}


def test_google_is_asked_again_where_it_is_asked_too_often(google: Google) -> None:
    for fault in (
        {"call": "firewalls.list", "times": 2, "status": 503, "code": "backendError", "message": "Backend error"},
        {"call": "firewalls.insert", "times": 2, "status": 403, "code": "rateLimitExceeded", "message": "Rate Limit Exceeded"},
    ):
        google.steer("faults", fault)
    google.run()
    assert is_whole(google)
    assert google.steer("faults")["struck"] == {"firewalls.list": 2, "firewalls.insert": 2}


def test_google_may_be_slow_say_in_each_of_its_ways_that_it_is_asked_too_often_and_then_tell_what_was_before(google: Google) -> None:
    # would be found where what is in force is told as it was without what denies
    google.allow("others-internal", "0-65535", 65534, "10.0.0.0/8")
    google.run()
    ours, others = google.ours(), google.others()
    google.delete("deny-v4", "deny-v6")
    google.steer("operations", {"seconds": 0.3})
    for fault in (
        {"call": "instances.get", "times": 2, "status": 403, "code": "rateLimitExceeded", "message": "Rate Limit Exceeded"},
        {"call": "instances.getEffectiveFirewalls", "times": 2, "status": 429, "code": "RESOURCE_EXHAUSTED", "message": "Quota exceeded"},
        {"call": "firewalls.list", "times": 1, "status": 503, "code": "backendError", "message": "Backend error"},
        {"call": "firewalls.insert", "times": 2, "status": 403, "code": "rateLimitExceeded", "message": "Rate Limit Exceeded"},
        {"call": "firewalls.list", "times": 4, "stale": True},
        {"call": "instances.getEffectiveFirewalls", "times": 3, "stale": True},
    ):
        google.steer("faults", fault)
    assert google.run().exposure == {"findings": [], "cut_off": []}
    struck = google.steer("faults")["struck"]
    assert struck == {"instances.get": 2, "instances.getEffectiveFirewalls": 5, "firewalls.list": 5, "firewalls.insert": 2}
    assert (google.ours(), google.others()) == (ours, others)
    writes = google.writes()
    assert not google.run().steps and google.writes() == writes
    assert (google.ours(), google.others()) == (ours, others)


def test_an_operation_that_ends_with_an_error_is_no_success(google: Google) -> None:
    google.steer("faults", {"call": "firewalls.insert", "undone": "Quota exceeded."})
    with pytest.raises(CloudError, match="the next run goes on from here"):
        google.run()
    google.run()
    assert is_whole(google)


def test_what_a_failed_operation_and_a_lost_answer_leave_is_finished_by_the_next_run(google: Google) -> None:
    google.run()
    ours, others = google.ours(), google.others()
    google.steer("operations", {"seconds": 0.3})
    quota = "Quota 'FIREWALLS' exceeded"
    for gone, part, fault, says in ((["members"], "open", {"undone": f"{quota}."}, quota), (["https-v6", "deny-v4"], "all", {"lost": True}, "")):
        google.delete(*gone)
        google.steer("faults", {"call": "firewalls.insert", **fault})
        with pytest.raises(CloudError, match=says + GOES_ON):
            google.run(part)
        assert google.steer("faults")["struck"] == {"firewalls.insert": 1}
        time.sleep(0.5)  # the operation whose answer was lost goes on by itself: no person runs it again that fast
    google.run()
    assert (google.ours(), google.others()) == (ours, others)


def test_a_run_that_may_not_attach_the_group_has_set_its_rules_and_the_next_one_attaches_it(amazon: Amazon) -> None:
    amazon.run()
    (rules, names) = amazon.ours()
    amazon.tamper()
    fault = {"times": 99, "status": 403, "code": "UnauthorizedOperation", "message": "You are not authorized."}
    amazon.steer("faults", {"call": "ModifyNetworkInterfaceAttribute", **fault})
    with pytest.raises(CloudError, match="UnauthorizedOperation" + GOES_ON):
        amazon.run()
    assert rules <= amazon.ours()[0] and amazon.names()["es1"] == {"legacy"}
    amazon.steer("faults")
    amazon.run()
    assert amazon.ours() == (rules, names)


def test_a_group_that_something_else_uses_is_named_and_goes_with_the_next_run(amazon: Amazon) -> None:
    amazon.run()
    group = amazon.our_group()
    for port in (9200, 9300):
        amazon.allow(amazon.legacy, port, UserIdGroupPairs=[{"GroupId": amazon.legacy}])
    others = amazon.rules("legacy")
    amazon.allow(amazon.legacy, 9300, UserIdGroupPairs=[{"GroupId": group}])
    with pytest.raises(CloudError, match="DependencyViolation" + GOES_ON + r"\. Something else still uses the group tlsfront-es:"):
        amazon.run("open", "absent")
    amazon.revoke(amazon.legacy, 9300, UserIdGroupPairs=[{"GroupId": group}])
    assert amazon.run("open", "absent").steps and is_gone(amazon)
    assert amazon.rules("legacy") == others
