/** A statement is cancelled, or a server process is terminated, at every step of a commit and of an exclusive. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Books } from '../../../test/conformance/books.ts'
import { charge } from '../../../test/support/commands.ts'
import { WITHOUT_POSTGRES } from '../../../harness/postgres-database.ts'
import { PostgresLedger } from '../../../test/support/postgres-ledger.ts'
import type { Storage } from '../storage.ts'

const CHARGE = charge('c', 'user:1', 1n)

/** The step at which the attempt waits, with the statement by which another transaction blocks it. */
const STEPS = {
  'at the lock of the balance': `SELECT FROM balances WHERE account = 'user:1' FOR UPDATE`,
  'at the row of the request': `INSERT INTO requests (seq, id, kind, at, fingerprint, postings)
    SELECT 1, 'c'::bytea, kind, at, fingerprint, postings FROM requests WHERE id = 'd1'`,
  'in the middle of COMMIT': 'SELECT pg_advisory_xact_lock(7)',
} as const

type Step = keyof typeof STEPS

const ATTEMPTS: Readonly<Record<'commit' | 'exclusive', (storage: Storage) => Promise<() => Promise<string>>>> = {
  async commit({ store }) {
    const { changes } = await new Books(store).plan(CHARGE)
    return () => store.commit(changes)
  },
  exclusive({ store }) {
    const books = new Books(store)
    const plan = (): Promise<string> =>
      store.exclusive(books.footprint(CHARGE), (snapshot) => books.decide([CHARGE], snapshot).changes)
    return Promise.resolve(plan)
  },
}

const ENDS = { cancelled: 'pg_cancel_backend($1)', ended: 'pg_terminate_backend($1, 5000)' } as const

/** Whether it is certain that nothing was written. */
function isCertain(attempt: keyof typeof ATTEMPTS, step: Step, end: keyof typeof ENDS): boolean {
  if (attempt === 'commit') return end === 'cancelled'
  return step === 'at the lock of the balance' || (end === 'cancelled' && step === 'at the row of the request')
}

async function interrupted(attempt: keyof typeof ATTEMPTS, step: Step, end: keyof typeof ENDS): Promise<void> {
  await using ledger = await PostgresLedger.create()
  const { client } = ledger.database
  await client.query(`
    CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER pause AFTER INSERT ON journal DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION pause()`)
  const storage = await ledger.open({ lock_timeout_ms: 9_000 })
  const call = await ATTEMPTS[attempt](storage)
  await client.query('BEGIN')
  await client.query(STEPS[step])
  const code = isCertain(attempt, step, end) ? 'store_unavailable' : 'commit_in_doubt'
  const refused = assert.rejects(call(), { name: 'Fault', code })
  const [pid] = await ledger.waiting(1)
  await client.query(`SELECT ${ENDS[end]}`, [pid])
  await refused
  await client.query('ROLLBACK')
  assert.equal((await storage.reader.account('user:1'))?.balances[0]?.available, 1_000n)
  assert.equal(await storage.reader.entry('c'), null)
  assert.equal(await (await ATTEMPTS.exclusive(storage))(), 'committed')
  assert.equal((await storage.reader.account('user:1'))?.balances[0]?.available, 999n)
}

describe('on a server', { skip: WITHOUT_POSTGRES }, () => {
  test('a statement or server process that is ended at any step leaves nothing behind', async (t) => {
    for (const attempt of Object.keys(ATTEMPTS) as (keyof typeof ATTEMPTS)[]) {
      for (const step of Object.keys(STEPS) as Step[]) {
        for (const end of Object.keys(ENDS) as (keyof typeof ENDS)[]) {
          await t.test(`${attempt}, ${end} ${step}`, () => interrupted(attempt, step, end))
        }
      }
    }
  })
})
