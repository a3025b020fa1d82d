/**
 * `node examples/gateway/server.ts`: the gateway at http://127.0.0.1:8080/v1.
 *
 * HOLDFAST_URL is a Holdfast service with keys; HOLDFAST_KEY is the gateway's, with the scopes holds:write and accounts:read. UPSTREAM_URL and
 * UPSTREAM_KEY are the provider's, PROVIDER is its name in the prices, PRICES names the file of the prices.
 */
import { readFile } from 'node:fs/promises'
import { serve } from '@hono/node-server'
import { priceBook } from '../../src/ai/index.ts' // outside this repository: from 'holdfast/ai'
import { connect } from '../../src/client/index.ts' // from 'holdfast/client'
import { gatewayApp } from './gateway-app.ts'

const {
  HOLDFAST_URL,
  HOLDFAST_KEY,
  UPSTREAM_URL,
  UPSTREAM_KEY,
  PROVIDER = 'openai',
  PRICES,
  PORT = '8080',
} = process.env
if (HOLDFAST_URL === undefined || HOLDFAST_KEY === undefined || UPSTREAM_URL === undefined || PRICES === undefined) {
  throw new Error('Set HOLDFAST_URL, HOLDFAST_KEY, UPSTREAM_URL and PRICES.')
}

const ledger = connect(HOLDFAST_URL, { key: HOLDFAST_KEY })
const app = gatewayApp({
  ledger,
  ledgerOf: (key) => connect(HOLDFAST_URL, { key }),
  prices: priceBook(JSON.parse(await readFile(PRICES, 'utf8')) as unknown),
  upstream: { url: UPSTREAM_URL, provider: PROVIDER, ...(UPSTREAM_KEY === undefined ? {} : { key: UPSTREAM_KEY }) },
  onBill: ({ hold, account, model, ending, cost }) =>
    console.log(`${account} ${model} ${hold}: ${ending}, ${cost} credits`),
})
const server = serve({ fetch: app.fetch, port: Number(PORT), hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}/v1`)
})

// Calls that are running are settled before the ledger is closed.
process.once('SIGTERM', () => server.close(() => void ledger.close()))
