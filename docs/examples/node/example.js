// @elastic/elasticsearch 9. Told where to go by /etc/tlsfront/client/elasticsearch.env.
const { readFileSync } = require('node:fs')
const { randomUUID } = require('node:crypto')
const { Client } = require('@elastic/elasticsearch')

// "ca" replaces the public CAs that Node.js trusts by itself: https://nodejs.org/api/tls.html#tlscreatesecurecontextoptions
const client = new Client({ node: process.env.ELASTICSEARCH_URL, tls: { ca: readFileSync(process.env.ELASTICSEARCH_CA) } })
const index = `example-${randomUUID()}`

async function main () {
  const datasource = Array.from({ length: 1000 }, (_, number) => ({ number }))
  const { successful } = await client.helpers.bulk({ datasource, onDocument: () => ({ index: { _index: index } }), refreshOnCompletion: true })
  const { count } = await client.count({ index, query: { range: { number: { lt: 500 } } } })
  let scrolled = 0
  for await (const page of client.helpers.scrollSearch({ index, size: 250 })) scrolled += page.documents.length
  await client.indices.delete({ index })
  console.log(JSON.stringify({ indexed: successful, found: count, scrolled }))
}

main().catch(error => {
  console.error(`${error.name}: ${error.message}`)
  process.exitCode = 1
})
