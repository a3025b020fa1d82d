/** A process that streams an answer and is killed in the middle: `node killed-writer.ts STORE SERVER`. It prints a line per piece. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { streamText, wrapLanguageModel } from 'ai'
import { openLedger } from '../../src/ledger.ts'
import { credits } from '../../src/ai/index.ts'
import { PRICES } from '../support/metered-books.ts'

const [store = '', server = ''] = process.argv.slice(2)
const ledger = await openLedger(store, { sweep: false })
const provider = createOpenAICompatible({ name: 'test', baseURL: server, includeUsage: true })
const limits = { holdMs: 600, markMs: 50 }
const model = wrapLanguageModel({
  model: provider.chatModel('chat'),
  middleware: credits({ ledger, prices: PRICES, limits }),
})
const providerOptions = { holdfast: { account: 'user:8', requestId: 'killed' } }
for await (const part of streamText({ model, prompt: 'x'.repeat(30), providerOptions }).stream) {
  if (part.type === 'text-delta') process.stdout.write('piece\n')
}
