/**
 * A gateway with the OpenAI protocol, in front of any provider that speaks it: callers use its address and a virtual key, and pay with credits.
 *
 * A virtual key is the name of an account and a key of Holdfast that may only read this account: `customer:0f3a5c7e9b1d/hf_…`. Whoever has it
 * can look at the balance and nothing else; the gateway's own key moves the coins. A key that is revoked ends within seconds.
 */
import { Hono, type Context } from 'hono'
import { LedgerError, type Ledger } from '../../src/index.ts' // outside this repository: from 'holdfast'
import { meteredFetch, type PriceBook, type SettledCall } from '../../src/ai/index.ts' // from 'holdfast/ai'

export interface GatewayOptions {
  /** With the gateway's own key. */
  readonly ledger: Ledger
  /** The same ledger with the key of a caller. */
  readonly ledgerOf: (key: string) => Ledger
  readonly prices: PriceBook
  readonly upstream: { readonly url: string; readonly key?: string; readonly provider: string }
  readonly onBill?: (call: SettledCall) => void
}

const PATHS = ['/chat/completions', '/completions', '/embeddings']
const BODY_BYTES_MAX = 10_000_000
/**
 * A key of Holdfast is confined to accounts by the beginning of their names. All these names have one length, so none is the beginning of
 * another, and a key for one is a key for no other.
 */
const VIRTUAL_KEY = /^(customer:[0-9a-f]{12})\/(hf_[A-Za-z0-9_-]+)$/

/** Malformed, unknown or revoked, and for other accounts. */
const WRONG_KEY = ['invalid_request', 'unauthenticated', 'forbidden']

export function gatewayApp({ ledger, ledgerOf, prices, upstream, onBill }: GatewayOptions): Hono {
  const app = new Hono()
  const callers = new Callers(ledgerOf)
  const told = onBill === undefined ? {} : { onBill }
  const send = meteredFetch({ ledger, prices, provider: upstream.provider, ...told })

  for (const path of PATHS) {
    app.post(`/v1${path}`, async (context) => {
      const account = await callers.accountOf(context)
      const body = await bodyOf(context)
      return await send(`${upstream.url}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(upstream.key === undefined ? {} : { authorization: `Bearer ${upstream.key}` }),
        },
        body,
        signal: context.req.raw.signal,
        holdfast: { account, ...(await requestIdOf(context, account)) },
      })
    })
  }

  app.get('/v1/models', async (context) => {
    await callers.accountOf(context)
    const models = prices.at(Date.now())?.table.models ?? []
    const data = models.map(({ provider, model }) => ({ id: model, object: 'model', created: 0, owned_by: provider }))
    return context.json({ object: 'list', data })
  })

  // Not part of the protocol: what the caller has left.
  app.get('/v1/balance', async (context) => {
    const { available, held } = await ledger.balance(await callers.accountOf(context))
    return context.json({ available: `${available}`, held: `${held}` })
  })

  app.notFound(() => failure(404, 'The gateway has no such route.', 'not_found'))
  app.onError((error) => {
    if (error instanceof Refused) return failure(error.status, error.message, error.code)
    if (error instanceof LedgerError)
      return failure(error.pointer === '/model' ? 404 : error.status, error.message, error.code)
    console.error(error)
    return failure(502, 'The provider did not answer.', 'upstream_failed')
  })
  return app
}

class Refused extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, message: string, code: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** An error in the form of the protocol. */
function failure(status: number, message: string, code: string): Response {
  return Response.json({ error: { message, type: 'gateway', param: null, code } }, { status })
}

/** Who has which key. What was found is remembered for a few seconds, so that not every call asks the ledger. */
class Callers {
  readonly #ledgerOf: GatewayOptions['ledgerOf']
  readonly #known = new Map<string, number>()
  static readonly #KNOWN_MS = 5_000
  static readonly #KNOWN_MAX = 10_000

  constructor(ledgerOf: GatewayOptions['ledgerOf']) {
    this.#ledgerOf = ledgerOf
  }

  /** @throws Refused if the caller has no valid key */
  async accountOf(context: Context): Promise<string> {
    const [, token = ''] = /^Bearer (.+)$/i.exec(context.req.header('authorization') ?? '') ?? []
    const [, account, key] = VIRTUAL_KEY.exec(token) ?? []
    if (account === undefined || key === undefined)
      throw new Refused(401, 'Send a virtual key: ACCOUNT/KEY.', 'invalid_api_key')
    if ((this.#known.get(token) ?? 0) > performance.now()) return account
    await this.#check(account, key)
    if (this.#known.size >= Callers.#KNOWN_MAX) this.#known.clear()
    this.#known.set(token, performance.now() + Callers.#KNOWN_MS)
    return account
  }

  async #check(account: string, key: string): Promise<void> {
    try {
      await using ledger = this.#ledgerOf(key)
      await ledger.balance(account)
    } catch (error) {
      const code = error instanceof LedgerError ? error.code : null
      // The account is the key's, and has never had a coin.
      if (code === 'account_not_found') return
      if (code === null || !WRONG_KEY.includes(code)) throw error
      throw new Refused(401, 'The virtual key is not valid, or not for this account.', 'invalid_api_key')
    }
  }
}

async function bodyOf(context: Context): Promise<string> {
  const length = Number(context.req.header('content-length') ?? Number.NaN)
  if (!(length <= BODY_BYTES_MAX))
    throw new Refused(413, `A body needs a length of at most ${BODY_BYTES_MAX} bytes.`, 'too_large')
  return await context.req.text()
}

/** Callers name requests as they like, so the account is part of the id: a caller cannot take the ids of another. */
async function requestIdOf(context: Context, account: string): Promise<{ readonly requestId?: string }> {
  const given = context.req.header('idempotency-key')
  if (given === undefined) return {}
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${account}\n${given}`))
  return { requestId: `gateway-${Buffer.from(digest).toString('hex')}` }
}
