/**
 * Reads of a process that writes, where a replica takes a part of them: statements, exports, lists and figures. What callers look up by name (an account, a
 * balance, a hold, an entry) stays at the primary, because they look it up after a command, and so do the feed, assets, rates, and the holds
 * that are due.
 *
 * A list begins at the replica unless that is away, or further behind than it may be: then at the primary. Its cursor says where it was read. A page that
 * goes on from the primary is read there: the replica may lack lines between the two, and nobody would notice. A page that goes on from the
 * replica may be read at the primary, which has everything that the replica has.
 */
import { systemClock, type Clock } from './clock.ts'
import { asFault, Fault } from './faults.ts'
import { REPLICA_MARK, type Page, type PageQuery, type Reader } from './reader.ts'
import type { ReplicaReader } from './replica.ts'
import type { ReplicaWatch } from './replica-watch.ts'

/** After a failure the replica is not asked for this time. */
export const REPLICA_AWAY_MS = 10_000

/** Lists are read elsewhere from now on. */
export type ReplicaEvent = { readonly kind: 'left'; readonly reason: string } | { readonly kind: 'used' }

export interface SplitReaderParts {
  readonly primary: Reader
  /** @throws Fault when there is none now */
  readonly replica: () => Promise<ReplicaReader>
  readonly watch: Pick<ReplicaWatch, 'current'>
  readonly onReplicaEvent?: ((event: ReplicaEvent) => void) | undefined
  readonly clock?: Pick<Clock, 'elapsed'>
}

export class SplitReader implements Reader {
  readonly #parts: SplitReaderParts
  readonly #clock: Pick<Clock, 'elapsed'>
  #awayUntil = -Infinity
  #awayReason = ''
  #isUsed = true

  constructor(parts: SplitReaderParts) {
    this.#parts = parts
    this.#clock = parts.clock ?? systemClock
  }

  readonly postings: Reader['postings'] = (query) => this.#list(query, (reader, own) => reader.postings(own))
  readonly balances: Reader['balances'] = (query) => this.#list(query, (reader, own) => reader.balances(own))
  readonly holds: Reader['holds'] = (query) => this.#list(query, (reader, own) => reader.holds(own))
  readonly stats: Reader['stats'] = (query) => this.#list(query, (reader, own) => reader.stats(own))

  readonly account: Reader['account'] = (...query) => this.#parts.primary.account(...query)
  readonly accountAt: Reader['accountAt'] = (...query) => this.#parts.primary.accountAt(...query)
  readonly balance: Reader['balance'] = (...query) => this.#parts.primary.balance(...query)
  readonly hold: Reader['hold'] = (...query) => this.#parts.primary.hold(...query)
  readonly holdHistory: Reader['holdHistory'] = (...query) => this.#parts.primary.holdHistory(...query)
  readonly due: Reader['due'] = (...query) => this.#parts.primary.due(...query)
  readonly entry: Reader['entry'] = (...query) => this.#parts.primary.entry(...query)
  readonly feed: Reader['feed'] = (...query) => this.#parts.primary.feed(...query)
  readonly assets: Reader['assets'] = (...query) => this.#parts.primary.assets(...query)
  readonly rates: Reader['rates'] = (...query) => this.#parts.primary.rates(...query)
  readonly rateHistory: Reader['rateHistory'] = (...query) => this.#parts.primary.rateHistory(...query)

  async #list<Query extends PageQuery, Row>(
    query: Query,
    read: (reader: Reader, query: Query) => Promise<Page<Row>>,
  ): Promise<Page<Row>> {
    const { primary, replica } = this.#parts
    if (query.cursor !== null && !REPLICA_MARK.test(query.cursor)) return await read(primary, query)
    const reason = this.#obstacle()
    if (reason !== null) this.#tell(reason)
    else {
      try {
        const page = await readMarked(await replica(), query, read)
        this.#tell(null)
        if (page !== null) return page
      } catch (error) {
        this.#leave(error)
      }
    }
    return await read(primary, query)
  }

  /** Why the replica is not read now; null if it is. */
  #obstacle(): string | null {
    if (this.#clock.elapsed() < this.#awayUntil) return this.#awayReason
    return this.#parts.watch.current().behind
  }

  /** What the replica says of the query itself, such as a wrong cursor, is the answer. @throws that */
  #leave(error: unknown): void {
    if (!(error instanceof Fault)) throw error
    this.#awayReason = asFault(error).message
    this.#awayUntil = this.#clock.elapsed() + REPLICA_AWAY_MS
    this.#tell(this.#awayReason)
  }

  #tell(reason: string | null): void {
    const isUsed = reason === null
    if (isUsed === this.#isUsed) return
    this.#isUsed = isUsed
    this.#parts.onReplicaEvent?.(isUsed ? { kind: 'used' } : { kind: 'left', reason })
  }
}

/** The page of the replica; null if its server did not give out the cursor, or if it is another one now. */
async function readMarked<Query extends PageQuery, Row>(
  replica: ReplicaReader,
  query: Query,
  read: (reader: Reader, query: Query) => Promise<Page<Row>>,
): Promise<Page<Row> | null> {
  const mark = `~${replica.name()}~`
  if (query.cursor !== null && !query.cursor.startsWith(mark)) return null
  const page = await read(replica.reader, { ...query, cursor: query.cursor?.slice(mark.length) ?? null })
  if (`~${replica.name()}~` !== mark) return null
  return page.next === null ? page : { ...page, next: mark + page.next }
}
