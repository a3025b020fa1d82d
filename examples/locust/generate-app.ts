/** `POST /api/chat/generate` of the freeze write-up on Holdfast: freeze, model call, settle. One request id is answered and paid once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { toProblem, type Ledger } from '../../src/index.ts' // outside this repository: from 'holdfast'

export interface GenerateOptions {
  readonly ledger: Ledger
  /** Answers the prompt. */
  readonly model: (prompt: string) => Promise<string>
}

interface Question {
  readonly user_id: number
  readonly request_id: string
  readonly prompt: string
}

const FROZEN = 616n
const COST = 500n
const LOOK_MS = 20

export function generateApp({ ledger, model }: GenerateOptions): Hono {
  const app = new Hono()

  app.post('/api/chat/generate', async (context) => {
    const { user_id: user, request_id: requestId, prompt } = await context.req.json<Question>()
    const hold = await ledger.freeze({ requestId, account: `user:${user}`, amount: FROZEN })
    if (hold.replayed) {
      // No second call of the model: a repeat waits for the first one, and gets its cost.
      const cost = await costOf(ledger, requestId)
      return context.json({ request_id: requestId, answer: null, cost, repeated: true })
    }
    try {
      const answer = await model(prompt)
      const settled = await ledger.settle(requestId, { amount: COST })
      return context.json({ request_id: requestId, answer, cost: Number(settled.settled), repeated: false })
    } catch (error) {
      // After a settle whose answer was lost this is refused, and the settle stands.
      await ledger.release(requestId).catch(() => undefined)
      throw error
    }
  })

  app.onError((error) => {
    const { status, headers, body } = toProblem(error)
    return new Response(body, { status, headers })
  })
  return app
}

/** When the hold has ended, which it does at the latest when it expires. */
async function costOf(ledger: Ledger, requestId: string): Promise<number> {
  for (;;) {
    const { state, settled } = await ledger.hold(requestId)
    if (state !== 'open') return Number(settled)
    await sleep(LOOK_MS)
  }
}
