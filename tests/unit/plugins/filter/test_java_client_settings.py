# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.java_client_settings import java_client_settings


def test_a_url_is_taken_apart_and_told_in_full():
    assert java_client_settings("es1:9243/search/") == {
        "url": "https://es1:9243/search",
        "scheme": "https",
        "host": "es1",
        "port": 9243,
        "path_prefix": "/search",
        "properties": {},
        "options": [],
        "argument_file": "",
        "properties_file": "",
    }


def test_an_ipv6_address_has_brackets_in_the_url_only():
    found = java_client_settings("https://[2001:DB8::1]")
    assert (found["url"], found["host"], found["port"]) == ("https://[2001:db8::1]:443", "2001:db8::1", 443)


def test_a_trust_store_is_told_with_its_type_and_password():
    found = java_client_settings("https://es1", truststore="/etc/t.p12")
    assert found["properties"] == {
        "javax.net.ssl.trustStore": "/etc/t.p12",
        "javax.net.ssl.trustStoreType": "PKCS12",
        "javax.net.ssl.trustStorePassword": "changeit",
    }
    assert found["options"] == [f"-D{name}={value}" for name, value in found["properties"].items()]


def test_what_is_special_in_a_file_of_properties_is_escaped():
    found = java_client_settings("https://es1", truststore="/\u00e9t\u00e9/\U0001f512.p12", truststore_password=" C:\\x=#")
    assert found["properties_file"].splitlines() == [
        "javax.net.ssl.trustStore=/\\u00e9t\\u00e9/\\ud83d\\udd12.p12",
        "javax.net.ssl.trustStoreType=PKCS12",
        "javax.net.ssl.trustStorePassword=\\ C:\\\\x=#",
    ]


def test_a_path_has_no_character_that_is_special_in_a_file_of_settings():
    assert java_client_settings("https://es1/$(id);`id`'\"a,b/%20\u00e9")["path_prefix"] == "/%24%28id%29%3B%60id%60%27%22a%2Cb/%20%C3%A9"


def test_a_percent_sign_alone_is_refused():
    with pytest.raises(AnsibleFilterError, match="percent sign"):
        java_client_settings("https://es1/50%")


def test_http_is_refused_with_what_to_write_instead():
    with pytest.raises(AnsibleFilterError, match=r"asks for http; wanted is https.*Write https://"):
        java_client_settings("http://es1:9200", truststore="/etc/t.p12")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"truststore": "t.p12"}, "not an absolute path"),
        ({"truststore": "/t.p12", "truststore_password": ""}, "printable ASCII"),
        ({"truststore": "/t.p12", "truststore_password": "s3cret\n"}, "printable ASCII"),
        ({"truststore": "/t.p12", "truststore_password": "s3cr\u00e9t"}, "printable ASCII"),
    ],
)
def test_what_cannot_work_is_refused_with_advice_that_tells_no_secret(arguments, said):
    with pytest.raises(AnsibleFilterError, match=said) as refused:
        java_client_settings("https://es1", **arguments)
    assert "s3cr" not in str(refused.value)
