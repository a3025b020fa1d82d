import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MARIADB_STATUS, MYSQL_STATUS } from '../../../test/support/innodb-statuses.ts'
import { judgeDeadlock } from './deadlock.ts'
import { deadlockIn } from './innodb-status.ts'

const HERE = { database: 'ledger', localTime: '2026-11-30 10:43:11' }

test('a deadlock is explained in the order of events, with the order of locks that cures it', () => {
  const found = judgeDeadlock(deadlockIn(MYSQL_STATUS), HERE)
  assert.equal(found.severity, 'risk')
  assert.equal(found.value, '2 min ago (2026-11-30 10:41:11), over users and balances')
  assert.deepEqual(found.details, [
    'Transaction 1 (connection 1064, user root), 1 s old, held the row (1) of index PRIMARY of users.',
    "Transaction 2 (connection 1065, user root), 1 s old, held the row ('user:1', 10) of index balances_name of balances.",
    "Transaction 1 then waited for the row ('user:1', 10) of index balances_name of balances, to run: UPDATE balances SET v = 7 WHERE account = 'user:1'",
    "Transaction 2 then waited for the row (1) of index PRIMARY of users, to run: UPDATE users SET name='x' WHERE name = 'ann' OR id = 1",
    'The server rolled back transaction 1. The other one went on.',
  ])
  assert.match(found.remedy!, /^One order of locks in every transaction: first the rows of users/)
})

test('how much it matters depends on its age and its tables', () => {
  const deadlock = deadlockIn(MARIADB_STATUS)
  const severityAt = (localTime: string, database = 'ledger'): string =>
    judgeDeadlock(deadlock, { database, localTime }).severity
  assert.equal(severityAt('2026-12-01 10:41:11'), 'risk')
  assert.equal(severityAt('2026-12-01 10:41:12'), 'advice')
  assert.equal(severityAt('2026-11-30 10:43:11', 'other'), 'fine')
  assert.equal(judgeDeadlock(null, HERE).severity, 'fine')
})

test('two transactions that write one table are told its order', () => {
  const own = MYSQL_STATUS.replaceAll('`users`', '`balances`')
  assert.match(judgeDeadlock(deadlockIn(own), HERE).remedy!, /by account, asset and stripe/)
  const both = MYSQL_STATUS.replaceAll('`users`', '`requests`')
  assert.match(judgeDeadlock(deadlockIn(both), HERE).remedy!, /balances first/)
})
