/** The keys of a ledger over HTTP. A change is sent once: its answer has a secret, so a repeat could not give the same one. */
import { keyNameParameter, keyTermsOf, graceMsOf } from '../api/key-input.ts'
import { keyFromWire, keyWithJson, secretKeyFromWire, secretKeyWithJson } from '../api/key.ts'
import type { KeyPageWire, KeyWire, SecretKeyWire } from '../api/key.ts'
import type { Key, KeyInput, Keys, KeysInput, RotateInput, SecretKey } from '../api/keys.ts'
import type { PageView } from '../api/ledger.ts'
import { pageQueryOf } from '../api/queries.ts'
import { pageFromWire, pageWithJson } from '../api/resource.ts'
import { traceOf } from './trace.ts'
import type { Fleet, Member } from './fleet.ts'
import { call, unexpected } from './http-call.ts'
import type { ClientLimits } from './limits.ts'
import { queryText } from './query-text.ts'

export class RemoteKeys implements Keys {
  readonly #fleet: Fleet<Member>
  readonly #limits: ClientLimits

  constructor(fleet: Fleet<Member>, limits: ClientLimits) {
    this.#fleet = fleet
    this.#limits = limits
  }

  async create(input: KeyInput): Promise<SecretKey> {
    // The service decides by its clock what has expired.
    keyTermsOf(input, 0)
    const body = { ...input, ...(input.amountMax === undefined ? {} : { amountMax: String(input.amountMax) }) }
    return secretKeyWithJson(await this.#call('/v1/keys', body, (wire: SecretKeyWire) => secretKeyFromWire(wire)))
  }

  async list(input: KeysInput = {}): Promise<PageView<Key>> {
    const path = `/v1/keys?${queryText({ ...pageQueryOf(input) })}`
    const page = await this.#call(path, null, (wire: KeyPageWire) => pageFromWire<KeyWire, Key>(wire, keyFromWire))
    return pageWithJson(page, keyWithJson)
  }

  async rotate(name: string, input: RotateInput = {}): Promise<SecretKey> {
    const path = `/v1/keys/${encodeURIComponent(keyNameParameter(name))}/rotate`
    const body = { graceMs: graceMsOf(input) }
    return secretKeyWithJson(await this.#call(path, body, (wire: SecretKeyWire) => secretKeyFromWire(wire)))
  }

  async revoke(name: string): Promise<Key> {
    const path = `/v1/keys/${encodeURIComponent(keyNameParameter(name))}/revoke`
    return keyWithJson(await this.#call(path, {}, (wire: KeyWire) => keyFromWire(wire)))
  }

  async #call<Wire, Result>(path: string, body: object | null, decode: (wire: Wire) => Result): Promise<Result> {
    const { service } = this.#fleet.pick('')
    const answer = await call(service, {
      path,
      account: null,
      body: body === null ? null : JSON.stringify(body),
      trace: traceOf(service.trace),
      timeoutMs: this.#limits.requestTimeoutMs,
      controller: new AbortController(),
    })
    try {
      return decode(answer as Wire)
    } catch (cause) {
      throw unexpected('The service answered in a format that this client does not know.', { cause })
    }
  }
}
