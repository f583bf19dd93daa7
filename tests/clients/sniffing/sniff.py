# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""sniff.py CLASS: asks for the nodes with this class of a Python client (elasticsearch.Elasticsearch), then for the cluster."""
import importlib
import json
import os
import sys

module, name = sys.argv[1].split(".")
client = getattr(importlib.import_module(module), name)(
    [os.environ["ELASTICSEARCH_URL"]], ca_certs=os.environ["ELASTICSEARCH_CA"], sniff_on_start=True, sniff_timeout=10, max_retries=0
)
pool = getattr(client.transport, "node_pool", None)
servers = [node.base_url for node in pool.all()] if pool else [each.host for each in client.transport.connection_pool.connections]
try:
    answer = bool(client.info()["version"])
except Exception as error:
    answer = False
    print(repr(error))
print(json.dumps({"led_to": sorted(servers), "answered": answer}))
