/**
 * Imports users into the ledger: the opening balance as a deposit, every open freeze as a hold under its old request id.
 *
 * The import uses ordinary commands with request ids that are derived from the old rows. Therefore, by law 4, an import that was
 * stopped, killed or started twice imports everything once. The commands of a user take effect together.
 */
import type { LedgerError } from '../api/error.ts'
import { BATCH_COMMANDS_MAX } from '../api/contracts.ts'
import type { CommandInput, Ledger } from '../api/ledger.ts'
import { errorOfRejection } from '../api/rejection-error.ts'
import { compare, isEqual, orNull, READS_MAX, stateOf, type Comparison } from './comparison.ts'
import { correct, obstacleTo } from './corrections.ts'
import type { Opening } from './examination.ts'
import { coinsOf, openingId, type Mapping } from './mapping.ts'
import { freezeCommands, openingCommands } from './openings.ts'
import { refusalIn } from './refusals.ts'

const OPENINGS_PER_BATCH = 500

/** The result for a user. In a dry run, what would be the result. */
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
  /** Writes nothing, and determines for each user what would be written. */
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

  /** Checks what would stop every user. @throws LedgerError */
  async begin(): Promise<void> {
    const known = new Set((await this.#ledger.assets()).map(({ code }) => code))
    for (const { asset } of coinsOf(this.#mapping)) {
      if (!known.has(asset)) throw errorOfRejection({ code: 'unknown_asset', asset })
    }
  }

  /** Returns one arrival per opening, in order. @throws LedgerError for an error that concerns all users */
  async bring(openings: readonly Opening[]): Promise<readonly Arrival[]> {
    const { dryRun, verify } = this.#options
    const states = await this.#each(openings, (opening) => stateOf(this.#ledger, opening))
    const isNew = (opening: Opening, index: number): boolean =>
      states[index]!.version === 0 && openingCommands(opening, this.#mapping).length > 0
    const fresh = openings.filter(isNew)
    const written = dryRun ? await this.#each(fresh, (opening) => this.#foresee(opening)) : await this.#writeNew(fresh)
    const arrivals = new Map(fresh.map((opening, index) => [opening, written[index]!]))
    const all = openings.map((opening, index) => ({ opening, state: states[index]!, arrival: arrivals.get(opening) }))
    return await this.#each(all, async ({ opening, state, arrival }) => {
      if (arrival === undefined) {
        const isSimple = opening.holds.length === 0 && state.held === 0n
        return isSimple && isEqual(opening, state) ? { kind: 'unchanged' } : await this.#meet(opening)
      }
      if (arrival.kind !== 'imported' || !verify || dryRun) return arrival
      return differenceIn(await compare(this.#ledger, opening)) ?? arrival
    })
  }

  /** Handles a user whose account already has a history, or who has no coins. */
  async #meet(opening: Opening): Promise<Arrival> {
    const before = await compare(this.#ledger, opening)
    const difference = differenceIn(before)
    if (difference === null) return { kind: 'unchanged' }
    if (!(await this.#isImported(opening))) {
      const message = `${opening.account}: the account existed before the import, so it is not changed.`
      return withMessage(difference, message)
    }
    return this.#options.dryRun ? await this.#foreseeChange(opening, before) : await this.#catchUp(opening, before)
  }

  /** Writes the freezes since the last run, and what a killed import left out; then corrects the rest. */
  async #catchUp(opening: Opening, { missing }: Comparison): Promise<Arrival> {
    const { follow } = this.#options
    const refusal = await this.#writeTogether(freezeCommands(opening, missing, this.#mapping))
    if (refusal === null && differenceIn(await compare(this.#ledger, opening)) === null) return { kind: 'imported' }
    const reason = follow ? await correct(this.#ledger, opening, this.#mapping) : null
    const after = differenceIn(await compare(this.#ledger, opening))
    if (after === null) return { kind: 'corrected' }
    return reason === null ? after : withMessage(after, reason)
  }

  /** The result of writing a new user. Its account has no history, so only another entry under one of its request ids is in the way. */
  async #foresee(opening: Opening): Promise<Arrival> {
    const taken = await this.#takenAmong(opening.holds.map(({ requestId }) => requestId))
    if (taken === null) return { kind: 'imported' }
    return {
      kind: 'different',
      messages: [`${opening.account}: the request id ${taken} is already used in the ledger.`],
    }
  }

  /** The result of `catchUp`. */
  async #foreseeChange(opening: Opening, before: Comparison): Promise<Arrival> {
    const { state, missing, hasOtherHold } = before
    const difference = differenceIn(before)!
    const more = missing.reduce((sum, { amount }) => sum + amount, 0n)
    const taken = await this.#takenAmong(missing.map(({ requestId }) => requestId))
    if (hasOtherHold || taken !== null) return difference
    const after = { available: state.available - more, held: state.held + more }
    if (after.available >= state.floor && isEqual(opening, after)) return { kind: 'imported' }
    if (!this.#options.follow) return difference
    const reason = await obstacleTo(this.#ledger, opening, this.#mapping)
    return reason === null ? { kind: 'corrected' } : withMessage(difference, reason)
  }

  /** The first of these request ids that has an entry; null if all are free. */
  async #takenAmong(requestIds: readonly string[]): Promise<string | null> {
    for (const requestId of requestIds) {
      if ((await orNull(this.#ledger.entry(requestId), 'entry_not_found')) !== null) return requestId
    }
    return null
  }

  /** Whether an import has opened the account. */
  async #isImported(opening: Opening): Promise<boolean> {
    return (await this.#takenAmong([openingId(this.#mapping, opening)])) !== null
  }

  async #writeNew(openings: readonly Opening[]): Promise<readonly Arrival[]> {
    const works = openings.map((opening) => ({ opening, commands: openingCommands(opening, this.#mapping) }))
    const arrivals = new Map<Opening, Arrival>()
    const simple = works.filter(({ commands }) => commands.length === 1)
    for (let from = 0; from < simple.length; from += OPENINGS_PER_BATCH) {
      const some = simple.slice(from, from + OPENINGS_PER_BATCH)
      const outcomes = await this.#ledger.batch(some.flatMap(({ commands }) => commands))
      for (const [index, outcome] of outcomes.entries()) {
        const { opening } = some[index]!
        arrivals.set(opening, arrivalOf(opening, refusalIn([outcome])))
      }
    }
    const others = works.filter(({ commands }) => commands.length > 1)
    await this.#each(others, async ({ opening, commands }) => {
      arrivals.set(opening, arrivalOf(opening, await this.#writeTogether(commands)))
    })
    return openings.map((opening) => arrivals.get(opening)!)
  }

  /** Writes commands of one user in atomic groups, in order. Returns the rejection, or null. */
  async #writeTogether(commands: readonly CommandInput[]): Promise<LedgerError | null> {
    for (let from = 0; from < commands.length; from += BATCH_COMMANDS_MAX) {
      const group = commands.slice(from, from + BATCH_COMMANDS_MAX)
      const refusal = refusalIn(await this.#ledger.batch(group, { atomic: true }))
      if (refusal !== null) return refusal
    }
    return null
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

type Difference = Arrival & { readonly kind: 'different' }

function differenceIn({ messages }: Comparison): Difference | null {
  return messages.length === 0 ? null : { kind: 'different', messages }
}

function withMessage({ messages }: Difference, message: string): Difference {
  return { kind: 'different', messages: [...messages, message] }
}
