/**
 * Brings users into the ledger: the opening balance as a deposit, every open freeze as a hold under its old request id.
 *
 * All of it goes through the ledger's own commands, under request ids that follow from the old rows. So law 4 makes an import
 * that was stopped, killed or started twice bring everything once. A user's commands take effect together.
 */
import type { LedgerError } from '../api/error.ts'
import { BATCH_COMMANDS_MAX } from '../api/contracts.ts'
import { type CommandInput, type Ledger } from '../api/ledger.ts'
import { differencesOf, isEqual, orNull, READS_MAX, stateOf, type LedgerState } from './comparison.ts'
import { correct, holdMark } from './corrections.ts'
import type { Opening } from './examination.ts'
import { depositId, type Mapping } from './mapping.ts'
import { refusalIn } from './refusals.ts'

const MEMO = 'Opening balance'
const DEPOSITS_PER_BATCH = 500

/** What became of a user. */
export type Arrival =
  /** Written now. */
  | { readonly kind: 'imported' }
  /** There already, and the same. */
  | { readonly kind: 'unchanged' }
  /** Brought to what the old system has by now. */
  | { readonly kind: 'corrected' }
  /** Not what the old system has; nothing of it was guessed. */
  | { readonly kind: 'different'; readonly messages: readonly string[] }

export interface ImporterOptions {
  /** Writes nothing. */
  readonly dryRun: boolean
  /** Reads what was written once more. */
  readonly verify: boolean
  readonly follow: boolean
}

export class Importer {
  readonly #ledger: Ledger
  readonly #mapping: Mapping
  readonly #options: ImporterOptions

  constructor(ledger: Ledger, mapping: Mapping, options: ImporterOptions) {
    this.#ledger = ledger
    this.#mapping = mapping
    this.#options = options
  }

  /** One arrival for each opening, in order. @throws LedgerError what concerns all of them */
  async bring(openings: readonly Opening[]): Promise<readonly Arrival[]> {
    const states = await this.#each(openings, ({ account }) => stateOf(this.#ledger, account, this.#mapping.asset))
    const arrivals = new Map<Opening, Arrival>()
    const isNew = (opening: Opening, index: number): boolean => states[index]!.version === 0 && opening.total > 0n
    if (!this.#options.dryRun) {
      for (const [opening, arrival] of await this.#writeNew(openings.filter(isNew))) arrivals.set(opening, arrival)
    }
    const all = openings.map((opening, index) => ({ opening, state: states[index]!, arrival: arrivals.get(opening) }))
    return await this.#each(all, async ({ opening, state, arrival }) => {
      if (arrival === undefined) return await this.#meet(opening, state)
      if (arrival.kind === 'imported' && this.#options.verify) return (await this.#difference(opening)) ?? arrival
      return arrival
    })
  }

  /** A user whose account has a history already, or has nothing to bring. */
  async #meet(opening: Opening, state: LedgerState): Promise<Arrival> {
    const isSimple = opening.holds.length === 0 && state.held === 0n
    if (isSimple && isEqual(opening, state)) return { kind: 'unchanged' }
    const before = await this.#difference(opening)
    if (before === null) return { kind: 'unchanged' }
    if (this.#options.dryRun) return before
    const { account } = opening
    if ((await orNull(this.#ledger.entry(depositId(this.#mapping, account)), 'entry_not_found')) === null) {
      const message = `${account}: the account was there before the import, which leaves it as it is.`
      return { ...before, messages: [...before.messages, message] }
    }
    // What an import that was killed left out, and what was frozen since.
    const refusal = await this.#writeTogether(opening)
    if (refusal === null && (await this.#difference(opening)) === null) return { kind: 'imported' }
    const reason = this.#options.follow ? await correct(this.#ledger, opening, this.#mapping) : null
    const after = await this.#difference(opening)
    if (after === null) return { kind: 'corrected' }
    return reason === null ? after : { ...after, messages: [...after.messages, reason] }
  }

  async #difference(opening: Opening): Promise<(Arrival & { readonly kind: 'different' }) | null> {
    const messages = await differencesOf(this.#ledger, opening, this.#mapping.asset)
    return messages.length === 0 ? null : { kind: 'different', messages }
  }

  async #writeNew(openings: readonly Opening[]): Promise<readonly (readonly [Opening, Arrival])[]> {
    const simple = openings.filter(({ holds }) => holds.length === 0)
    const written: (readonly [Opening, Arrival])[] = []
    for (let from = 0; from < simple.length; from += DEPOSITS_PER_BATCH) {
      const some = simple.slice(from, from + DEPOSITS_PER_BATCH)
      const outcomes = await this.#ledger.batch(some.flatMap((opening) => this.#commandsOf(opening)))
      for (const [index, outcome] of outcomes.entries()) {
        written.push([some[index]!, arrivalOf(some[index]!, refusalIn([outcome]))])
      }
    }
    const others = openings.filter(({ holds }) => holds.length > 0)
    const arrivals = await this.#each(others, async (opening) => arrivalOf(opening, await this.#writeTogether(opening)))
    return [...written, ...others.map((opening, index) => [opening, arrivals[index]!] as const)]
  }

  /** In groups that take effect whole, the deposit first. Gives what was refused. */
  async #writeTogether(opening: Opening): Promise<LedgerError | null> {
    const commands = this.#commandsOf(opening)
    for (let from = 0; from < commands.length; from += BATCH_COMMANDS_MAX) {
      const group = commands.slice(from, from + BATCH_COMMANDS_MAX)
      const refusal = refusalIn(await this.#ledger.batch(group, { atomic: true }))
      if (refusal !== null) return refusal
    }
    return null
  }

  #commandsOf({ account, total, holds }: Opening): readonly CommandInput[] {
    const { asset, holdExpiresInMs: expiresInMs } = this.#mapping
    const requestId = depositId(this.#mapping, account)
    const deposit = { kind: 'deposit', requestId, account, asset, amount: total, memo: MEMO } as const
    const metadata = holdMark(this.#mapping)
    const freezes = holds.map((hold) => ({ kind: 'freeze', ...hold, account, asset, expiresInMs, metadata }) as const)
    return total === 0n ? freezes : [deposit, ...freezes]
  }

  /** Not all at once, in the order of the items. */
  async #each<Item, Result>(items: readonly Item[], action: (item: Item) => Promise<Result>): Promise<Result[]> {
    const results: Result[] = []
    for (let from = 0; from < items.length; from += READS_MAX) {
      results.push(...(await Promise.all(items.slice(from, from + READS_MAX).map(action))))
    }
    return results
  }
}

function arrivalOf({ account }: Opening, refusal: LedgerError | null): Arrival {
  if (refusal === null) return { kind: 'imported' }
  return { kind: 'different', messages: [`${account}: ${refusal.code}: ${refusal.message}`] }
}
