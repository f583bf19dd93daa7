# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Values to types as Ansible converts them, for what Ansible runs. Nothing else in this package knows Ansible."""

from __future__ import annotations

from typing import Any, Mapping

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

__all__ = ["convert"]


def convert(value: Any, spec: Mapping[str, Any]) -> Any:
    """:raises ValueError: it cannot be meant"""
    only = {key: part for key, part in spec.items() if key != "default"}
    result = ArgumentSpecValidator({"it": only}).validate({"it": value})
    if result.error_messages:
        raise ValueError
    return result.validated_parameters["it"]
