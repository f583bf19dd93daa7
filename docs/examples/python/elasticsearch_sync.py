# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Python client 7.17, 8 or 9. Told where to go by /etc/tlsfront/client/elasticsearch.env."""
import json
import os
import uuid

from elasticsearch import Elasticsearch, helpers
from sealed_context import sealed_context

client = Elasticsearch(os.environ["ELASTICSEARCH_URL"], ssl_context=sealed_context(os.environ["ELASTICSEARCH_CA"]))
index = f"example-{uuid.uuid4().hex}"
documents = ({"_index": index, "number": number} for number in range(1000))
try:
    indexed, _errors = helpers.bulk(client, documents, refresh=True)
    found = client.search(index=index, query={"range": {"number": {"lt": 500}}})["hits"]["total"]["value"]
    scrolled = sum(1 for _hit in helpers.scan(client, index=index, size=250))
    print(json.dumps({"indexed": indexed, "found": found, "scrolled": scrolled}))
finally:
    client.indices.delete(index=index, ignore_unavailable=True)
