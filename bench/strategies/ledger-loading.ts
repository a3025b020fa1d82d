/** Fills a ledger by SQL: the long journal of the harness, with random request ids. */
import { beginningSql, HOLDS_PER_STEP, holdsSql, type Parties } from '../../harness/long-journal.ts'
import type { Ledger } from '../../src/api/ledger.ts'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import type { Loading, ReadTimes, Site } from './strategy.ts'

/** Accounts of their own, so that steps may follow calls of the lab. */
const PARTIES: Parties = { holder: 'loaded:holder', payee: 'loaded:payee' }
/** Opens holds for the reads. */
const OPENER = 'loaded:opener'
/** Calls of each kind, after one that is not counted. */
const READS = 21
const PAGE = 50

export const LOADING: Loading = {
  livesPerStep: HOLDS_PER_STEP,
  async begin(site, database) {
    await migrateLedger(site.url)
    await database.run(beginningSql(site.dialect, PARTIES))
  },
  stepSql: (step, dialect) => holdsSql(step, dialect, 'random', PARTIES),
  reads: readTimes,
}

async function readTimes({ url }: Site): Promise<ReadTimes> {
  await using ledger = await openLedger(url, { sweep: false })
  const account = PARTIES.holder
  const holds = await someHolds(ledger, account)
  await openHolds(ledger)
  let next = 0
  return {
    statementMs: await medianMs(() => ledger.postings(account, { limit: PAGE })),
    openHoldsMs: await medianMs(() => ledger.holds({ account: OPENER, state: 'open', limit: PAGE })),
    searchMs: await medianMs(() => ledger.holds({ account, state: 'open', limit: PAGE })),
    holdMs: await medianMs(() => ledger.hold(holds[next++ % holds.length]!)),
  }
}

/** Holds of one account that stay open, after others that have ended. */
async function openHolds(ledger: Ledger): Promise<void> {
  await ledger.deposit({ account: OPENER, amount: BigInt(2 * PAGE) })
  for (let index = 0; index < 2 * PAGE; index++) {
    const { id } = await ledger.freeze({ account: OPENER, amount: 1n })
    if (index < PAGE) await ledger.settle(id, { amount: 1n })
  }
}

/** From places all over the journal, so that few of them are in memory. */
async function someHolds(ledger: Ledger, account: string): Promise<readonly string[]> {
  const [newest] = (await ledger.postings(account, { limit: 1 })).items
  const oldest = (await ledger.entry('d')).at
  if (newest === undefined) throw new Error('Nothing was loaded.')
  const ids: string[] = []
  for (let place = 1; place <= READS + 1; place++) {
    const until = Math.floor(oldest + ((newest.at - oldest) * place) / (READS + 2))
    const [line] = (await ledger.postings(account, { until, limit: 1 })).items
    if (line !== undefined && line.hold !== null) ids.push(line.hold)
  }
  return ids
}

async function medianMs(read: () => Promise<unknown>): Promise<number> {
  await read()
  const times: number[] = []
  for (let index = 0; index < READS; index++) {
    const beganAt = performance.now()
    await read()
    times.push(performance.now() - beganAt)
  }
  return times.toSorted((left, right) => left - right)[READS >> 1]!
}
