/**
 * Imports users into the ledger: the opening balance as a deposit, every open freeze as a hold under its old request id.
 *
 * The import uses ordinary commands with request ids that are derived from the old rows. Therefore, by law 4, an import that was
 * stopped, killed or started twice imports everything once. The commands of a user take effect together.
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

/** The result for a user. */
export type Arrival =
  /** Written by this run. */
  | { readonly kind: 'imported' }
  /** Already in the ledger, without a difference. */
  | { readonly kind: 'unchanged' }
  /** Corrected so that it matches the old system. */
  | { readonly kind: 'corrected' }
  /** The ledger differs from the old system and was not changed. */
  | { readonly kind: 'different'; readonly messages: readonly string[] }

export interface ImporterOptions {
  /** Writes nothing. */
  readonly dryRun: boolean
  /** Reads and compares the written accounts. */
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

  /** Returns one arrival per opening, in order. @throws LedgerError for an error that concerns all users */
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

  /** Handles a user whose account already has a history, or who has no coins. */
  async #meet(opening: Opening, state: LedgerState): Promise<Arrival> {
    const isSimple = opening.holds.length === 0 && state.held === 0n
    if (isSimple && isEqual(opening, state)) return { kind: 'unchanged' }
    const before = await this.#difference(opening)
    if (before === null) return { kind: 'unchanged' }
    if (this.#options.dryRun) return before
    const { account } = opening
    if ((await orNull(this.#ledger.entry(depositId(this.#mapping, account)), 'entry_not_found')) === null) {
      const message = `${account}: the account existed before the import, so it is not changed.`
      return { ...before, messages: [...before.messages, message] }
    }
    // Writes what a killed import left out, and the freezes since then.
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

  /** Writes a user in atomic groups, the deposit first. Returns the rejection, or null. */
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

  /** Runs `action` on a few items at a time. The results are in the order of the items. */
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
