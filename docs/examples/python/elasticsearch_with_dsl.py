# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""elasticsearch-dsl 8. Told where to go by /etc/tlsfront/client/elasticsearch.env."""
import json
import os
import uuid

from elasticsearch import helpers
from elasticsearch_dsl import Document, Index, Integer, connections
from sealed_context import sealed_context

client = connections.create_connection(
    hosts=os.environ["ELASTICSEARCH_URL"], ssl_context=sealed_context(os.environ["ELASTICSEARCH_CA"])
)
index = Index(f"example-{uuid.uuid4().hex}")


@index.document
class Item(Document):
    number = Integer()


index.create()
try:
    documents = (Item(number=number).to_dict(include_meta=True) for number in range(1000))
    indexed, _errors = helpers.bulk(client, documents, refresh=True)
    found = Item.search().filter("range", number={"lt": 500}).count()
    scrolled = sum(1 for _hit in Item.search().scan())
    print(json.dumps({"indexed": indexed, "found": found, "scrolled": scrolled}))
finally:
    index.delete(ignore_unavailable=True)
