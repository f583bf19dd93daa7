// Asks for the nodes when it starts, then for the cluster.
const { readFileSync } = require('node:fs')
const { Client } = require('@elastic/elasticsearch')

const client = new Client({
  node: process.env.ELASTICSEARCH_URL,
  tls: { ca: readFileSync(process.env.ELASTICSEARCH_CA) },
  sniffOnStart: true,
  maxRetries: 0
})

client.diagnostic.on('sniff', async (error) => {
  if (error) throw error
  const servers = client.connectionPool.connections.map((each) => each.url.origin)
  let answered = true
  try {
    await client.info()
  } catch (refused) {
    answered = false
    console.log(String(refused))
  }
  console.log(JSON.stringify({ led_to: servers.sort(), answered }))
  process.exit(0)
})
