/** Every kind of finding: its stable id, what is examined, and why it matters. */

export const KINDS = {
  unseen: {
    what: 'Not seen',
    why: 'The examination is incomplete: what is not seen may be wrong.',
  },
  'server.unreachable': {
    what: 'Connection',
    why: 'Without a connection Holdfast answers every command with 503.',
  },
  'server.version': {
    what: 'Version',
    why: 'Holdfast knows this version.',
  },
  'server.unsupported': {
    what: 'Version',
    why: 'The promises of Holdfast are not tested on it.',
  },
  'server.pooler': {
    what: 'Pooler',
    why: 'What Holdfast sets and prepares on a connection is lost when its next transaction has another one.',
  },
  'server.read_only': {
    what: 'Writes',
    why: 'Nothing can be committed on a server that takes reads only.',
  },
  'hosts.state': {
    what: 'Servers of the store URL',
    why: 'Holdfast uses the one that takes writes, and follows it when that changes.',
  },
  'hosts.unreachable': {
    what: 'Server of the store URL',
    why: 'A failover has one server less to go to.',
  },
  'hosts.disagree': {
    what: 'Several servers take writes',
    why: 'Coins that are moved on one of them are not there on the other.',
  },
  'connection.unencrypted': {
    what: 'Encryption',
    why: 'Whoever can read the network can read the password and the books.',
  },
  'connection.limit': {
    what: 'Connections',
    why: 'A process that gets no connection cannot serve.',
  },
  'durability.setting': {
    what: 'Durability',
    why: 'A crash must not lose what was acknowledged.',
  },
  'durability.replicas': {
    what: 'Durability on replicas',
    why: 'A failover must not lose what was acknowledged.',
  },
  'durability.point_in_time': {
    what: 'Restore to an instant',
    why: 'Without a log of changes, a restore loses everything after the last backup.',
  },
  'setting.isolation': {
    what: 'Default isolation',
    why: 'Holdfast sets its own; other programs on this server lock gaps between rows at REPEATABLE READ and above.',
  },
  'setting.lock_timeout': {
    what: 'Default lock timeout',
    why: 'Holdfast sets its own; a program that waits for long keeps the locks that it has already.',
  },
  'setting.rollback_on_timeout': {
    what: 'After a lock timeout',
    why: 'Only the statement is rolled back: a program that goes on and commits has half of its transaction, and it keeps its locks until then.',
  },
  'setting.deadlock_detect': {
    what: 'Deadlock detection',
    why: 'Without it, a deadlock lasts until the lock timeout.',
  },
  'setting.deadlock_timeout': {
    what: 'Deadlock detection',
    why: 'PostgreSQL looks for a deadlock only after a transaction has waited this long, and the others wait with it.',
  },
  'setting.deadlock_log': {
    what: 'Log of deadlocks and lock waits',
    why: 'While it is off, deadlocks leave no trace but the last one.',
  },
  'setting.idle_transactions': {
    what: 'Idle transactions',
    why: 'A forgotten transaction of another program keeps its locks without end.',
  },
  'setting.sql_mode': {
    what: 'Default SQL mode',
    why: 'Holdfast sets its own; without a strict mode other programs store values that were cut to fit.',
  },
  'setting.time_zone': {
    what: 'Time zone',
    why: 'Holdfast stores instants in UTC; people who read the server’s log compare them with its local time.',
  },
  'setting.instruments': {
    what: 'Performance schema',
    why: 'Without it the server cannot say which statement a transaction that holds a lock ran last.',
  },
  'setting.autovacuum': {
    what: 'Autovacuum',
    why: 'Without it updated rows fill the tables, and the transaction ids run out.',
  },
  'memory.pool': {
    what: 'Memory for tables',
    why: 'Once the index of request ids does not fit into memory, most new ids cost a read from the disk.',
  },
  clock: {
    what: 'Clock',
    why: 'The clock decides which holds are due, so Holdfast serves nothing while it differs too much.',
  },
  'waits.lock': {
    what: 'Lock wait',
    why: 'One transaction waits until another one ends.',
  },
  'waits.table': {
    what: 'Wait for a whole table',
    why: 'A change of a table waits for every transaction that has used it, and every later statement on it waits behind the change.',
  },
  'waits.standby': {
    what: 'Wait for a standby',
    why: 'A commit is acknowledged when the synchronous standbys have it.',
  },
  'transactions.long': {
    what: 'Long transaction',
    why: 'It keeps its locks, and old versions of rows cannot be removed while it is open.',
  },
  'transactions.prepared': {
    what: 'Prepared transaction',
    why: 'It keeps its locks without a connection, also over a restart, until somebody ends it.',
  },
  'transactions.foreign': {
    what: 'Foreign locks',
    why: 'Another program has locked rows of Holdfast’s tables; commits that need them wait for it.',
  },
  'deadlock.last': {
    what: 'Last deadlock',
    why: 'Two transactions each waited for a row that the other had locked, and the server rolled one of them back.',
  },
  'deadlock.count': {
    what: 'Deadlocks',
    why: 'Holdfast repeats what a deadlock rolled back; other programs may not.',
  },
  'processes.count': {
    what: 'Connections of Holdfast',
    why: 'Shows how many connections of its processes this server has now.',
  },
  'house.stripes': {
    what: 'Stripes of house accounts',
    why: 'Each process writes its own stripe, so that none waits for another; readers add them up.',
  },
  'tables.migrations': {
    what: 'Migrations',
    why: 'A process refuses to start on tables of another version.',
  },
  'tables.shape': {
    what: 'Tables and indexes',
    why: 'Reads and commits rely on them.',
  },
  'tables.missing': {
    what: 'Missing table',
    why: 'Every command that needs it fails.',
  },
  'tables.engine': {
    what: 'Table engine',
    why: 'Only InnoDB has the transactions and row locks that the ledger needs.',
  },
  'tables.size': {
    what: 'Size of the tables',
    why: 'Shows the room that the ledger takes.',
  },
  'tables.growth': {
    what: 'Growth',
    why: 'Rows are only added, so the ledger grows with every command.',
  },
  'tables.index_missing': {
    what: 'Missing index',
    why: 'Without it a key can be stored twice, or a read by it becomes a scan of the table.',
  },
  'tables.index_extra': {
    what: 'Extra index',
    why: 'Every commit has to write it too.',
  },
  'tables.trigger': {
    what: 'Trigger',
    why: 'It runs inside every commit, under its locks, and what it changes the ledger does not know.',
  },
  'tables.foreign_key': {
    what: 'Foreign key',
    why: 'The check of a foreign key locks the row that it points to, in an order that Holdfast does not know: a source of deadlocks.',
  },
  'tables.transaction_ids': {
    what: 'Transaction ids',
    why: 'PostgreSQL takes no more writes when they run out.',
  },
  'rights.missing': {
    what: 'Rights',
    why: 'A commit that needs a missing right fails.',
  },
  'replication.lag': {
    what: 'Replicas',
    why: 'What a replica lacks is lost when it takes over.',
  },
  'replication.slot': {
    what: 'Replication slot',
    why: 'The server keeps its log for a reader that is away, until the disk is full.',
  },
  'holds.overdue': {
    what: 'Overdue holds',
    why: 'Their coins stay frozen until a process with a sweeper ends them.',
  },
  'file.permissions': {
    what: 'Permissions of the file',
    why: 'Whoever may read the file can read every balance, and whoever may write it can change them.',
  },
  'file.obstacle': {
    what: 'Access to the file',
    why: 'SQLite writes the file, and files next to it.',
  },
  'file.system': {
    what: 'File system',
    why: 'SQLite needs locks and shared memory that work, and a disk that keeps what it has confirmed.',
  },
  'file.links': {
    what: 'Links to the file',
    why: 'SQLite finds the log by the name of the file: under a second name a process reads without it and destroys it.',
  },
  'file.disk_free': {
    what: 'Free room on the disk',
    why: 'When the disk is full, every commit fails.',
  },
  'file.log': {
    what: 'Log of the file',
    why: 'A log that cannot restart grows with every commit, and reads become slower.',
  },
  'file.journal_mode': {
    what: 'Journal mode',
    why: 'Holdfast uses a write-ahead log, so that reads never wait for a commit.',
  },
  'file.write_lock': {
    what: 'Write lock',
    why: 'One process writes at a time; the others wait, and give up after 5 s.',
  },
  'file.pages': {
    what: 'Unused pages',
    why: 'The file keeps the room of what was removed, and uses it again.',
  },
} as const satisfies Readonly<Record<string, { readonly what: string; readonly why: string }>>

export type FindingId = keyof typeof KINDS
