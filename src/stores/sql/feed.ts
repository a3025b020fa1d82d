/**
 * The feed: every entry, in an order in which nothing is inserted before what was read.
 *
 * On SQLite a commit is at its position when it is written. On servers nobody knows the order of commits while they are made: the numbers
 * that they draw become visible in another order, and a commit can take long. So a commit leaves its entries in `commits`, and whoever
 * reads the feed first moves those that are visible to its end, by their numbers. A commit that becomes visible later is moved later. Its
 * number is drawn under the locks of its balances, so one that rests on another has the larger number, and is never moved before it.
 */
import { sql, type Compilable } from 'kysely'
import { endingKeysOf, endingOf, openingKeyOf, openingOf, type PostingKey } from '../../domain/hold-history.ts'
import { kindOfEnd, type HoldRecord } from '../../domain/hold-record.ts'
import { endOfHold, showEntry, type Entry, type Posting } from '../../domain/journal.ts'
import { FEED_COMMITS_MAX, type FeedPage, type FeedQuery } from '../../engine/reader.ts'
import { feedKeyOf, feedPageOf, keyBehind, placesAfter, type FedCommit, type FedPlace } from '../feed-pages.ts'
import { entryBytes } from '../page-bytes.ts'
import type { QueryBuilder } from './dialect.ts'
import { placesOf } from './feed-row.ts'
import { holdOf } from './hold-row.ts'
import type { SqlJournal } from './journal.ts'
import { PageInProgress } from './pages.ts'
import type { SqlRequests } from './requests.ts'
import { whole, type Row } from './values.ts'

/** Commits that one statement reads. */
const COMMITS_PER_STATEMENT = 100

/** Moves up to `FEED_COMMITS_MAX` visible commits to the end of the feed. Returns how many; 0 also when another process just did. */
export type MoveCommits = () => Promise<number>

export class SqlFeed {
  readonly #builder: QueryBuilder
  readonly #rows: (statement: Compilable) => Promise<readonly Row[]>
  readonly #journal: SqlJournal
  readonly #requests: SqlRequests
  readonly #move: MoveCommits

  /** @param move of a store whose commits are not at their positions when they are written */
  constructor(
    builder: QueryBuilder,
    rows: (statement: Compilable) => Promise<readonly Row[]>,
    { journal, requests, move }: { journal: SqlJournal; requests: SqlRequests; move: MoveCommits },
  ) {
    this.#builder = builder
    this.#rows = rows
    this.#journal = journal
    this.#requests = requests
    this.#move = move
  }

  async page(query: FeedQuery): Promise<FeedPage> {
    const moved = await this.#move()
    const { limit } = query
    const begin = feedKeyOf(query) ?? keyBehind(await this.#last())
    const commits: FedCommit[] = []
    let rest = moved === FEED_COMMITS_MAX
    for (let count = -begin[1]; count < limit;) {
      const found = await this.#commits((commits.at(-1)?.position ?? begin[0] - 1) + 1)
      commits.push(...found)
      for (const { entries } of found) count += entries.length
      if (found.length < COMMITS_PER_STATEMENT) break
      rest = true
    }
    const all = placesAfter(begin, commits)
    const places = all.slice(0, limit)
    const page = new PageInProgress<Entry>(limit, entryBytes)
    for (let read = 0; read < places.length && !page.isFull;) {
      const some = places.slice(read, read + page.portion())
      read += some.length
      page.add(await this.#entries(some))
    }
    return feedPageOf(begin, { places, entries: page.rows, rest: rest || all.length > limit })
  }

  async #last(): Promise<FedCommit | undefined> {
    const [row] = await this.#rows(
      this.#builder.selectFrom('feed').selectAll().orderBy('position', 'desc').limit(sql.lit(1)),
    )
    return row === undefined ? undefined : commitOf(row)
  }

  async #commits(from: number): Promise<readonly FedCommit[]> {
    const rows = await this.#rows(
      this.#builder
        .selectFrom('feed')
        .selectAll()
        .where('position', '>=', from)
        .orderBy('position')
        .limit(sql.lit(COMMITS_PER_STATEMENT)),
    )
    return rows.map(commitOf)
  }

  /** The entries at these places, in their order. */
  async #entries(places: readonly FedPlace[]): Promise<readonly Entry[]> {
    const seqs = [...new Set(places.map(({ seq }) => seq))]
    const rows = new Map<number, Row>()
    for (const row of await this.#requests.select(sql`r.seq IN (${sql.join(seqs)})`)) rows.set(whole(row['seq']), row)
    const rowOf = ({ seq }: FedPlace): Row => {
      const row = rows.get(seq)
      if (row === undefined) throw new Error(`The request ${seq} of the feed is gone.`)
      return row
    }
    const ofHolds: HoldPlace[] = []
    const others: Row[] = []
    for (const place of places) {
      const row = rowOf(place)
      if (row['kind'] === 'freeze') ofHolds.push({ hold: holdOf(row), isEnd: place.isEnd })
      else others.push(row)
    }
    const postings = await this.#journal.postingsAt(ofHolds.flatMap(keysOf), '')
    const records = await this.#journal.entriesOf(others)
    let [holdsShown, postingsShown, othersShown] = [0, 0, 0]
    return places.map((place) => {
      if (rowOf(place)['kind'] !== 'freeze') return showEntry(records[othersShown++]!)
      const hold = ofHolds[holdsShown++]!
      const first = postingsShown
      postingsShown += keysOf(hold).length
      return entryOfHold(hold, postings.slice(first, postingsShown))
    })
  }
}

/** The freeze or the end of a hold. */
interface HoldPlace {
  readonly hold: HoldRecord
  readonly isEnd: boolean
}

function keysOf({ hold, isEnd }: HoldPlace): readonly PostingKey[] {
  return isEnd ? endingKeysOf(hold) : [openingKeyOf(hold)]
}

function entryOfHold({ hold, isEnd }: HoldPlace, postings: readonly Posting[]): Entry {
  const id = isEnd ? endOfHold(hold.id, kindOfEnd(hold)) : hold.id
  const own = postings.map((posting) => ({ ...posting, entryId: id }))
  const entry = isEnd ? endingOf(hold, own) : openingOf(hold, own)
  if (entry === null) throw new Error(`The end of the hold ${hold.id} is gone.`)
  return entry
}

function commitOf(row: Row): FedCommit {
  return { position: whole(row['position']), entries: placesOf(row['entries']) }
}
