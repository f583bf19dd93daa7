# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: report_prometheus
short_description: Results of C(https_check) as metrics for Prometheus
version_added: 0.1.0
description:
  - For the textfile collector of the node exporter. The name of the file must end in C(.prom).
  - All metrics begin with C(tlsfront_https_check_) and are gauges; their labels are C(probe) (the host that looked), C(endpoint) and C(address).
  - C(verified), C(tls_verified) (0 or 1), C(reason_info) (label C(reason)), C(warnings) (how many).
  - C(certificate_expiry_timestamp_seconds) is that of the certificate of the chain that expires first.
  - C(closed_port_open) (0 or 1; label C(port), neighbours in the same state as a range). It is not there where the state is unknown;
    C(closed_port_unknown) (0 or 1; the same labels) tells of those.
  - C(phase_duration_seconds) (label C(phase), one of V(dns), V(connect), V(tls), V(http)).
  - C(tls_info) (labels C(version), C(cipher)), C(cluster_info) (labels C(name), C(uuid), C(distribution), C(version)).
  - C(probe_success) (0 or 1; label C(probe) alone) tells whether the check gave a result at all, C(last_run_timestamp_seconds) when it ran.
  - Of checks that have the same labels, the worst is reported.
positional: _input
extends_documentation_fragment:
  - tlsfront.elasticsearch.report
  - tlsfront.elasticsearch.report.generated_at
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Metrics for the node exporter of the controller
  ansible.builtin.copy:
    content: >-
      {{ [{'from': inventory_hostname, 'result': seen}]
         | tlsfront.elasticsearch.report_prometheus(generated_at=now(utc=true, fmt='%Y-%m-%dT%H:%M:%SZ')) }}
    dest: /var/lib/prometheus/node-exporter/https_check.prom
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The metrics.
  type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import checks_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._prometheus import prometheus
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._time import instant


def report_prometheus(observations: t.Any, generated_at: str) -> str:
    """See DOCUMENTATION."""
    try:
        return prometheus(checks_of(observations), instant(generated_at))
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"report_prometheus: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"report_prometheus": report_prometheus}
