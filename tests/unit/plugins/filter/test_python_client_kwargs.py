# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.python_client_kwargs import python_client_kwargs

CA = "/etc/ca.pem"


def test_client_7_is_told_of_every_host_that_it_speaks_tls_and_the_one_ca():
    assert python_client_kwargs(["https://es1", "es2:9243/search"], 7, CA) == {
        "hosts": [
            {"host": "es1", "port": 443, "use_ssl": True},
            {"host": "es2", "port": 9243, "use_ssl": True, "url_prefix": "/search"},
        ],
        "ssl_context": {"cafile": CA},
    }


@pytest.mark.parametrize("major", [8, 9])
def test_clients_8_and_9_are_told_scheme_and_port_and_the_one_ca(major):
    assert python_client_kwargs("https://es1/search", major, CA) == {
        "hosts": [{"scheme": "https", "host": "es1", "port": 443, "path_prefix": "/search"}],
        "ssl_context": {"cafile": CA},
    }


@pytest.mark.parametrize("major", [7, 8, 9])
def test_without_a_ca_verification_is_said_to_be_on(major):
    found = python_client_kwargs("https://es1", major)
    assert found["verify_certs"] is True
    assert not {"ca_certs", "ssl_context"} & set(found)


@pytest.mark.parametrize("major", ["7", 8, 9])
def test_http_is_refused_with_what_to_write_instead(major):
    with pytest.raises(AnsibleFilterError, match=r"asks for http; wanted is https.*Write https://"):
        python_client_kwargs(["https://es1", "http://es1:9200"], major, CA)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"major": 6}, "one of 7, 8, 9"),
        ({"urls": []}, "give one at least"),
        ({"urls": ["https://u:p@es1"]}, "has a user name in it"),
        ({"ca_path": "ca.pem"}, "not an absolute path"),
        ({"url_username": "u"}, "belong together"),
        ({"url_password": "s3cret"}, "belong together"),
        ({"api_key": "k", "bearer_token": "t"}, "not several"),
        ({"api_key": "s3cret\n"}, "control character"),
        ({"url_username": "a:b", "url_password": "p"}, "colon"),
    ],
)
def test_what_cannot_work_is_refused_with_advice_that_tells_no_secret(arguments, said):
    with pytest.raises(AnsibleFilterError, match=said) as refused:
        python_client_kwargs(**{"urls": ["https://es1"], "major": 9, "ca_path": CA, **arguments})
    assert "s3cret" not in str(refused.value)
