# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""All that is asked for: the options, each with its type and default, and of what was given one target for each endpoint."""

from __future__ import annotations

from ssl import SSLContext
from typing import Any, Mapping

from .._secrets import secrets_of
from .items import Convert, items_of, own_options, place
from .options import Target, make_target, merged
from .reasons import InvalidOption
from .trust import Trust, make_context

__all__ = ["PER_ENDPOINT", "WHOLE_TASK", "prepare", "read_targets"]

PER_ENDPOINT: dict[str, dict[str, Any]] = {
    "server_name": {"type": "str"},
    "connect_to": {"type": "str"},
    "ca_path": {"type": "path"},
    "ca_content": {"type": "str"},
    "crl_path": {"type": "path"},
    "crl_content": {"type": "str"},
    "x509_strict": {"type": "bool", "default": False},
    "client_cert": {"type": "path"},
    "client_key": {"type": "path", "no_log": False},
    "url_username": {"type": "str"},
    "url_password": {"type": "str", "no_log": True},
    "api_key": {"type": "str", "no_log": True},
    "bearer_token": {"type": "str", "no_log": True},
    "min_tls_version": {"type": "str", "choices": ["1.2", "1.3"], "default": "1.2"},
    "min_days_valid": {"type": "int", "default": 0},
    "warn_days_valid": {"type": "int", "default": 30},
    "fingerprints": {"type": "list", "elements": "str", "default": []},
    "all_addresses": {"type": "bool", "default": True},
    "closed_ports": {"type": "list", "elements": "str", "default": []},
    "min_status": {"type": "str", "choices": ["yellow", "green"]},
    "cluster_name": {"type": "str"},
    "cluster_uuid": {"type": "str"},
    "min_version": {"type": "str"},
    "product": {"type": "str", "choices": ["elasticsearch", "opensearch", "dashboards"]},
    "same_cluster": {"type": "bool", "default": False},
    "proxy": {"type": "str"},
    "timeout": {"type": "float", "default": 10},
}
WHOLE_TASK: dict[str, dict[str, Any]] = {
    "endpoints": {"type": "list", "elements": "raw", "required": True},
    "retry_for": {"type": "float", "default": 0},
    "concurrency": {"type": "int", "default": 32},
}


def read_targets(params: Mapping[str, Any], convert: Convert) -> list[Target]:
    """The options to one target for each endpoint.

    :param convert: to the type of an option, what an endpoint gives of it

    :raises InvalidOption: something is wrong with them; the text says what, and of which endpoint
    """
    common = {name: params[name] for name in PER_ENDPOINT}
    secrets = secrets_of(params)
    targets: dict[Target, int] = {}
    for number, item in enumerate(items_of(params["endpoints"])):
        options = merged(common, own_options(item, number, PER_ENDPOINT, WHOLE_TASK, convert))
        try:
            target = make_target(options, place(number), secrets)
        except InvalidOption as error:
            raise InvalidOption(str(error) if isinstance(item, str) else f"{place(number)}: {error}") from None
        first = targets.setdefault(target, number)
        if first != number:
            raise InvalidOption(
                f"{place(number)}: the same as {place(first)}, so it would prove nothing more. Give each endpoint once; where "
                "several nodes share a name, give the address of each as connect_to."
            )
    return list(targets)


def prepare(params: Mapping[str, Any], convert: Convert) -> tuple[list[Target], dict[Trust, SSLContext]]:
    """The targets, and the context of each trust that they name.

    :raises InvalidOption: as ``read_targets``, or a file or text cannot be trusted
    """
    if params["concurrency"] < 1:
        raise InvalidOption("concurrency: must be 1 or more")
    targets = read_targets(params, convert)
    return targets, {trust: make_context(trust) for trust in {target.trust for target in targets}}
