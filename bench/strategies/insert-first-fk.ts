/**
 * `insert-first` with a foreign key from the log to the user.
 *
 * InnoDB checks the key under a shared lock on the user's row, and the update needs an exclusive lock on it: two transactions that hold the
 * shared lock wait for each other, and one is rolled back as a deadlock victim. PostgreSQL's lock for the check (FOR KEY SHARE) does not
 * conflict with an update that changes no key.
 */
import { freezeStrategy } from './freeze-logs.ts'
import { InsertFirst } from './insert-first.ts'

export const insertFirstFk = freezeStrategy({
  summary: 'insert-first with a foreign key from the log to the balance: deadlocks on InnoDB',
  foreignKey: true,
  play: (database) => new InsertFirst(database),
})
