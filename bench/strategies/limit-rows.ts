/** The rows of a batch of the limit, as lists of values. */
import { ENGINE_LIMITS } from '../../src/engine/limits.ts'
import type { RawCommand } from './raw-rows.ts'

/** Whose balance all settles are paid to. */
export const PAYEE = -1

/** As long as a fingerprint is; nothing compares it. */
const FINGERPRINT = 6_004_799_503_160_661

interface LimitBalance {
  readonly id: number
  available: number
  held: number
  version: number
}

interface LimitHold {
  readonly seq: number
  readonly user: number
  readonly amount: number
}

/** A hold's id is 16 bytes in hexadecimal digits. */
export type HoldValues = readonly [seq: number, idHex: string, ...others: number[]]

export interface LimitRows {
  readonly holds: readonly HoldValues[]
  readonly ends: readonly (readonly number[])[]
  readonly journal: readonly (readonly [balanceId: number, version: number, at: number, lines: string])[]
  /** After and before: available, held, version, id, version, available, held. */
  readonly balances: readonly (readonly number[])[]
}

export class LimitBatches {
  readonly #balances: ReadonlyMap<number, LimitBalance>
  readonly #open = new Map<string, LimitHold>()
  #seq = 0

  constructor(users: readonly number[], funds: number) {
    const owners = [PAYEE, ...users]
    this.#balances = new Map(owners.map((id) => [id, { id, available: id === PAYEE ? 0 : funds, held: 0, version: 1 }]))
  }

  /** Called once per batch, in the order in which the batches are committed. */
  rowsOf(commands: readonly RawCommand[], now: number): LimitRows {
    const holds: HoldValues[] = []
    const ends: (readonly number[])[] = []
    const runs = new Map<LimitBalance, { readonly before: LimitBalance; lines: string }>()
    const post = (id: number, line: { seq: number; kind: string; available: number; held: number }): number => {
      const balance = this.#balances.get(id)!
      let run = runs.get(balance)
      if (run === undefined) runs.set(balance, (run = { before: { ...balance }, lines: '' }))
      run.lines += `${run.lines === '' ? '' : ','}[${line.seq},"${line.kind}",${line.available},${line.held}]`
      balance.available += line.available
      balance.held += line.held
      return ++balance.version
    }
    for (const command of commands) {
      if (command.kind === 'transfer') throw new Error('The limit has no transfers.')
      const { requestId, user } = command
      if (command.kind === 'freeze') {
        const { amount } = command
        const seq = ++this.#seq
        const version = post(user, { seq, kind: 'freeze', available: -amount, held: amount })
        const expiresAt = now + ENGINE_LIMITS.holdTtlMsDefault
        holds.push([seq, idHex(requestId, seq), FINGERPRINT, user, PAYEE, amount, version, expiresAt, now])
        this.#open.set(requestId, { seq, user, amount })
        continue
      }
      const hold = this.#open.get(requestId)
      if (hold === undefined) throw new Error(`Nothing was frozen under ${requestId}.`)
      this.#open.delete(requestId)
      const { seq, amount } = hold
      const settled = command.kind === 'settle' ? command.cost : 0
      const version = post(user, { seq, kind: command.kind, available: amount - settled, held: -amount })
      const paid = settled === 0 ? 0 : post(PAYEE, { seq, kind: command.kind, available: settled, held: 0 })
      ends.push([seq, FINGERPRINT, settled, version, paid, now])
    }
    return {
      holds,
      ends,
      journal: [...runs].map(([{ id }, { before, lines }]) => [id, before.version + 1, now, `[${lines}]`]),
      balances: [...runs].map(([after, { before }]) => [
        after.available,
        after.held,
        after.version,
        after.id,
        before.version,
        before.available,
        before.held,
      ]),
    }
  }
}

/** Other ids than UUIDs are replaced by a number, which is as long and in the order of time. */
function idHex(requestId: string, seq: number): string {
  return requestId.length === 36 ? requestId.replaceAll('-', '') : seq.toString(16).padStart(32, '0')
}
