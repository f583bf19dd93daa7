# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The asynchronous Python client 7.17, 8 or 9. Told where to go by /etc/tlsfront/client/elasticsearch.env."""
import asyncio
import json
import os
import uuid

from elasticsearch import AsyncElasticsearch, helpers
from sealed_context import sealed_context


async def main():
    context = sealed_context(os.environ["ELASTICSEARCH_CA"])
    client = AsyncElasticsearch(os.environ["ELASTICSEARCH_URL"], ssl_context=context)
    index = f"example-{uuid.uuid4().hex}"
    documents = ({"_index": index, "number": number} for number in range(1000))
    try:
        indexed, _errors = await helpers.async_bulk(client, documents, refresh=True)
        answer = await client.search(index=index, query={"range": {"number": {"lt": 500}}})
        scrolled = [hit async for hit in helpers.async_scan(client, index=index, size=250)]
        found = answer["hits"]["total"]["value"]
        print(json.dumps({"indexed": indexed, "found": found, "scrolled": len(scrolled)}))
        await client.indices.delete(index=index)
    finally:
        await client.close()


asyncio.run(main())
