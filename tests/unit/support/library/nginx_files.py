# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The first step of nginx_config, with its parameters: writes the configuration and what it names. The test runs an nginx with it by itself."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import files
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.arguments import CHANGE, FILES, front, wanted
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.transaction import Outcome


def main() -> None:
    module = AnsibleModule(argument_spec={**CHANGE, **FILES}, supports_check_mode=True)
    node, outcome = front(module), Outcome()
    configuration = node.bring(wanted(module.params, module.check_mode), outcome, write=not module.check_mode)[0]
    outcome.file(node.live[0], files.content(node.live[0]), configuration)
    if not module.check_mode:
        files.write(node.live[0], configuration, files.Access(0o644))
    module.exit_json(changed=outcome.changed, diff=outcome.diff)


if __name__ == "__main__":
    main()
