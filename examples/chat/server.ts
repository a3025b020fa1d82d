/**
 * `node examples/chat/server.ts`: the chat at http://127.0.0.1:3000, with a model that needs no provider.
 *
 * With OPENAI_URL (such as http://127.0.0.1:11434/v1), OPENAI_KEY and MODEL it asks that model, at the prices of prices.json. With HOLDFAST_URL
 * and HOLDFAST_KEY the ledger is a service, without them a file `chat.db` in the working directory.
 */
import { readFile } from 'node:fs/promises'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { serve } from '@hono/node-server'
import { openLedger } from '../../src/index.ts' // outside this repository: from 'holdfast'
import { priceBook } from '../../src/ai/index.ts' // from 'holdfast/ai'
import { connect } from '../../src/client/index.ts' // from 'holdfast/client'
import { chatApp } from './chat-app.ts'
import { demoModel } from './demo-model.ts'

const { OPENAI_URL, OPENAI_KEY, MODEL = '', HOLDFAST_URL, HOLDFAST_KEY, PORT = '3000' } = process.env

const key = HOLDFAST_KEY === undefined ? {} : { key: HOLDFAST_KEY }
const ledger = HOLDFAST_URL === undefined ? await openLedger('sqlite:chat.db') : connect(HOLDFAST_URL, key)
const prices = priceBook(JSON.parse(await readFile(new URL('prices.json', import.meta.url), 'utf8')) as unknown)
const model =
  OPENAI_URL === undefined
    ? demoModel
    : createOpenAICompatible({
        name: 'openai',
        baseURL: OPENAI_URL,
        // Without it, nobody tells what a streamed answer has used.
        includeUsage: true,
        ...(OPENAI_KEY === undefined ? {} : { apiKey: OPENAI_KEY }),
      }).chatModel(MODEL)

const app = chatApp({
  ledger,
  prices,
  model,
  onBill: ({ hold, ending, cost }) => console.log(`${hold}: ${ending}, ${cost} credits`),
})
const server = serve({ fetch: app.fetch, port: Number(PORT), hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}`)
})

// Calls that are running are settled before the ledger is closed.
process.once('SIGTERM', () => server.close(() => void ledger.close()))
