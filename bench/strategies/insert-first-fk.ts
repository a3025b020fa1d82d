/**
 * `insert-first` with a foreign key from the log to the user.
 *
 * InnoDB checks the key under a shared lock on the user's row, and the update wants the same row for itself: two
 * transactions that both hold the shared lock wait for each other, and one of them is a deadlock's victim. PostgreSQL's lock
 * for the check (FOR KEY SHARE) lets an update pass that changes no key.
 */
import { freezeStrategy } from './freeze-logs.ts'
import { InsertFirst } from './insert-first.ts'

export const insertFirstFk = freezeStrategy({
  summary: 'insert-first with a foreign key from the log to the balance: deadlocks on InnoDB',
  foreignKey: true,
  play: (database) => new InsertFirst(database),
})
