/**
 * Who may do what, at the edge: the one place where the key of a request is looked at.
 *
 * Every route below /v1 says in its config which scopes allow it and what it is about; one that does not is an error when the service is
 * built. As soon as the ledger has a key, each request to them needs one. What is looked at is the route that was found and not the path
 * that was sent, so no spelling of a path gets around it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CallerKey } from '../access/caller-key.ts'
import {
  denialOfCommand,
  denialOfEverything,
  denialOfPrefix,
  denialOfRead,
  denialOfScopes,
  type Denial,
} from '../access/denial.ts'
import { KeyRing, KeysUnavailable, type KeyRingLimits } from '../access/key-ring.ts'
import type { KeyStore } from '../access/key-store.ts'
import type { Scope } from '../access/scope.ts'
import { LedgerError } from '../api/error.ts'
import { REJECTION_PROBLEMS } from '../api/rejection-problems.ts'
import type { Command } from '../domain/command.ts'
import { DEFAULT_ASSET } from '../domain/ids.ts'
import { headerCount } from './connections.ts'

/**
 * What a route is about:
 * - `commands`: the body. The handler asks `denialOf` for each command.
 * - `account`: that of the path, and the asset of the path if it has one.
 * - `statement`: the account of the path and the asset of the query.
 * - `holds`, `balances`: lists, by the account or the prefix of the query, and its asset.
 * - `answer`: what is found. The handler asks `maySee`.
 * - `entry`: as `answer`, and not for tokens.
 * - `catalogue`: assets and rates, which are no account's, and without which no amount can be shown.
 * - `everything`: all accounts.
 * - `keys`: the keys themselves.
 * - `caller`: the key or token that the request was sent with.
 */
export type About =
  | 'commands'
  | 'account'
  | 'statement'
  | 'holds'
  | 'balances'
  | 'answer'
  | 'entry'
  | 'catalogue'
  | 'everything'
  | 'keys'
  | 'caller'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The scopes of which a caller needs one; none: each command of the body needs its own. */
    scopes?: readonly Scope[]
    about?: About
  }
}

const callers = new WeakMap<FastifyRequest, CallerKey>()

/** The key that a request was let in with; null if the ledger has no keys. */
export function callerKeyOf(request: FastifyRequest): CallerKey | null {
  return callers.get(request) ?? null
}

export interface AccessOptions {
  readonly keys: Pick<KeyStore, 'live' | 'touch'>
  readonly limits?: Partial<KeyRingLimits> | undefined
}

/** Comes before everything that counts or queues requests, which may then ask for `callerKeyOf`. @returns the keys that are known here */
export function requireKeys(app: FastifyInstance, { keys, limits }: AccessOptions): KeyRing {
  const ring = new KeyRing(keys, limits)
  const versioned = `${app.prefix}/v1/`
  app.addHook('onRoute', ({ url, config }) => {
    if (!url.startsWith(versioned) || (config?.scopes !== undefined && config.about !== undefined)) return
    throw new Error(`The route ${url} does not say which scopes allow it, and what it is about.`)
  })
  app.addHook('onRequest', (request, _, done) => {
    const { config } = request.routeOptions
    // A path without a route is not a hint about what there is.
    const isGuarded = config.scopes !== undefined || (request.is404 && request.url.startsWith(versioned))
    if (!isGuarded) return done()
    // Who has just made the first key goes on with it here.
    if (ring.required === false && config.about !== 'keys') return done()
    const known = ring.required === true ? recall(ring, request) : null
    if (known !== null) return done(admit(request, known))
    void letIn(ring, request, done)
  })
  app.addHook('preHandler', (request, _, done) => {
    const caller = callerKeyOf(request)
    const denial = caller === null ? null : denialOfLook(caller, request)
    done(denial === null ? undefined : forbidden(caller!, denial))
  })
  return ring
}

async function letIn(ring: KeyRing, request: FastifyRequest, done: (error?: Error) => void): Promise<void> {
  let refusal: Error | undefined
  try {
    const caller = await identify(ring, request)
    if (caller !== null) refusal = admit(request, caller)
  } catch (error) {
    refusal = error as Error
  }
  done(refusal)
}

/** Null if the ledger has no keys. @throws LedgerError `unauthenticated`, `store_unavailable` */
async function identify(ring: KeyRing, request: FastifyRequest): Promise<CallerKey | null> {
  try {
    const isAboutKeys = request.routeOptions.config.about === 'keys'
    if (!(await (isAboutKeys ? ring.readNew() : ring.read()))) {
      if (isAboutKeys) throw noKeysYet()
      return null
    }
    const text = credentialIn(request)
    if (text === null) throw unauthenticated(NO_KEY)
    const verdict = await ring.identify(text)
    if ('refused' in verdict) throw unauthenticated(verdict.refused)
    return verdict
  } catch (error) {
    throw error instanceof KeysUnavailable
      ? new LedgerError('store_unavailable', error.message, { retryAfterMs: 1_000, cause: error })
      : error
  }
}

function admit(request: FastifyRequest, caller: CallerKey): LedgerError | undefined {
  callers.set(request, caller)
  const { scopes = [], about } = request.routeOptions.config
  if (caller.account !== null && !isForTokens(about)) {
    const message = 'A token reads one account, its balances, holds and statement.'
    return refusal(message, { limit: 'scopes', key: caller.name })
  }
  const denial = scopes.length === 0 ? null : denialOfScopes(caller, scopes)
  return denial === null ? undefined : forbidden(caller, denial)
}

const FOR_TOKENS: ReadonlySet<About> = new Set(['account', 'statement', 'holds', 'answer', 'catalogue', 'caller'])

function isForTokens(about: About | undefined): boolean {
  return about !== undefined && FOR_TOKENS.has(about)
}

const BEARER = /^bearer +([\w.-]+) *$/i
const NO_KEY = 'This ledger has keys, and the request has none. Send it as Authorization: Bearer hf_….'

/** The usual case, without waiting. Anything else, also a wrong header, is for `identify`. */
function recall(ring: KeyRing, { raw }: FastifyRequest): CallerKey | null {
  const text = BEARER.exec(raw.headers.authorization ?? '')?.[1]
  return text === undefined || hasSeveral(raw) ? null : ring.recall(text)
}

/** @returns null without the header @throws LedgerError `unauthenticated` */
function credentialIn({ raw }: FastifyRequest): string | null {
  const header = raw.headers.authorization
  if (header === undefined) return null
  if (hasSeveral(raw)) throw unauthenticated('The request has more than one Authorization header.')
  const text = BEARER.exec(header)?.[1]
  if (text === undefined) throw unauthenticated('The Authorization header must be Bearer and one key or token.')
  return text
}

/** Node keeps the first of several, and a proxy before it may have looked at another one. */
function hasSeveral(raw: FastifyRequest['raw']): boolean {
  return headerCount(raw, 'authorization') > 1
}

type Parameters = Readonly<Record<string, unknown>>

const NOTHING = (): null => null

/** What a read names in its path and query. */
const LOOKS: { readonly [Of in About]: (caller: CallerKey, path: Parameters, query: Parameters) => Denial | null } = {
  account: (caller, path) =>
    denialOfRead(caller, { account: String(path['account']), asset: textOrNull(path['asset']) }),
  statement: (caller, path, query) => denialOfRead(caller, { account: String(path['account']), asset: assetIn(query) }),
  holds: (caller, _, query) => {
    const account = textOrNull(query['account'])
    return denialOfRead(caller, { account, asset: account === null ? null : assetIn(query) })
  },
  balances: (caller, _, query) => denialOfPrefix(caller, textOrNull(query['prefix']) ?? '', textOrNull(query['asset'])),
  everything: denialOfEverything,
  commands: NOTHING,
  answer: NOTHING,
  entry: NOTHING,
  catalogue: NOTHING,
  keys: NOTHING,
  caller: NOTHING,
}

function denialOfLook(caller: CallerKey, request: FastifyRequest): Denial | null {
  const { about } = request.routeOptions.config
  return about === undefined ? null : LOOKS[about](caller, request.params as Parameters, request.query as Parameters)
}

/** The readers refuse everything that is no text. */
function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function assetIn(query: Parameters): string {
  return textOrNull(query['asset']) ?? DEFAULT_ASSET
}

/** Why the caller may not send this command; null if it may. */
export function denialOf(request: FastifyRequest, command: Command): LedgerError | null {
  const caller = callerKeyOf(request)
  const denial = caller === null ? null : denialOfCommand(caller, command)
  return denial === null ? null : forbidden(caller!, denial)
}

/** Whether the caller may see what was found. What it may not see is not there for it. */
export function maySee(request: FastifyRequest, account: string, asset: string): boolean {
  const caller = callerKeyOf(request)
  return caller === null || denialOfRead(caller, { account, asset }) === null
}

function unauthenticated(message: string): LedgerError {
  return new LedgerError('unauthenticated', message)
}

function forbidden({ name }: CallerKey, { message, details }: Denial): LedgerError {
  const { scope, account, asset } = details
  const limit =
    scope !== undefined ? 'scopes' : account !== undefined ? 'accounts' : asset !== undefined ? 'assets' : 'amount'
  return refusal(message, { limit, key: name, ...details })
}

/** The same problem as that of the rules. */
function refusal(message: string, details: object): LedgerError {
  return new LedgerError('forbidden', message, { facts: REJECTION_PROBLEMS.forbidden, details: { ...details } })
}

/** Whoever reached the service first could otherwise lock out everybody else. */
function noKeysYet(): LedgerError {
  const how = 'Make the first one at the database: holdfast keys create admin --admin --store URL'
  return refusal(`This ledger has no keys yet, and none are made over HTTP then. ${how}`, { limit: 'scopes' })
}

/** RFC 6750, section 3. */
export function challenge(reply: FastifyReply, { code, details }: LedgerError, hasCredential: boolean): void {
  if (code === 'unauthenticated') {
    reply.header('www-authenticate', hasCredential ? 'Bearer error="invalid_token"' : 'Bearer')
  } else if (code === 'forbidden' && typeof details['scope'] === 'string') {
    reply.header('www-authenticate', `Bearer error="insufficient_scope", scope="${details['scope']}"`)
  }
}
