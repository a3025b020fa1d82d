import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MARIADB_STATUS, MYSQL_STATUS } from '../../../test/support/innodb-statuses.ts'
import { deadlockIn, type DeadlockTransaction } from './innodb-status.ts'

const USERS = { table: 'ledger.users', index: 'PRIMARY', mode: 'X locks rec but not gap', rows: ['1'] }
const BALANCES = {
  table: 'ledger.balances',
  index: 'balances_name',
  mode: 'X locks rec but not gap',
  rows: ["'user:1', 10"],
}
const OF_USERS = {
  holds: [BALANCES],
  waitsFor: [USERS],
  statement: "UPDATE users SET name='x' WHERE name = 'ann' OR id = 1",
}
const OF_BALANCES = {
  holds: [USERS],
  waitsFor: [BALANCES],
  statement: "UPDATE balances SET v = 7 WHERE account = 'user:1'",
}

function withoutNumbers({ holds, waitsFor, statement }: DeadlockTransaction): object {
  return { holds, waitsFor, statement }
}

test('the last deadlock of MySQL is read with both transactions, their rows, and the one that was rolled back', () => {
  const deadlock = deadlockIn(MYSQL_STATUS)!
  assert.deepEqual(deadlock.transactions.map(withoutNumbers), [OF_BALANCES, OF_USERS])
  assert.deepEqual([deadlock.at, deadlock.rolledBack], ['2026-11-30 10:41:11', 1])
  const [first] = deadlock.transactions
  assert.deepEqual(
    [first!.number, first!.transactionId, first!.connectionId, first!.user, first!.activeSeconds],
    [1, '54283', '1064', 'root', 1],
  )
})

test('that of MariaDB, which lists whose lock is in the way in place of what each holds', () => {
  const deadlock = deadlockIn(MARIADB_STATUS)!
  assert.deepEqual(deadlock.transactions.map(withoutNumbers), [OF_USERS, OF_BALANCES])
  assert.deepEqual([deadlock.at, deadlock.rolledBack], ['2026-11-30 10:41:11', 2])
  assert.deepEqual(
    deadlock.transactions.map(({ user }) => user),
    ['root', 'root'],
  )
})

test('a host with a name before its address is not taken for the user', () => {
  const named = MYSQL_STATUS.replaceAll('localhost 127.0.0.1 root', 'db1 10.0.0.8 app')
  assert.equal(deadlockIn(named)!.transactions[0]!.user, 'app')
})

test('a statement of several lines is read to its end', () => {
  const long = MYSQL_STATUS.replace('UPDATE balances SET v = 7', 'UPDATE balances\n  SET v = 7\n')
  assert.match(
    deadlockIn(long)!.transactions[0]!.statement,
    /^UPDATE balances\n {2}SET v = 7\n\s*WHERE account = 'user:1'$/,
  )
})

test('a text without a deadlock, or of another form, gives none', () => {
  assert.equal(deadlockIn('\n=====\nINNODB MONITOR OUTPUT\n=====\n------------\nTRANSACTIONS\n------------\n'), null)
  assert.equal(deadlockIn(''), null)
  assert.equal(deadlockIn(MYSQL_STATUS.slice(0, 400)), null)
  for (let length = 0; length < MYSQL_STATUS.length; length += 7) deadlockIn(MYSQL_STATUS.slice(0, length))
})
