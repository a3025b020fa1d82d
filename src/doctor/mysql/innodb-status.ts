/**
 * The last deadlock in the text of SHOW ENGINE INNODB STATUS, of MySQL and of MariaDB.
 *
 * MySQL lists what each transaction holds and waits for. MariaDB lists what each waits for and whose lock is in the way (CONFLICTING
 * WITH), from 10.6 on.
 */
import { decodeKey, type StoredField } from './stored-key.ts'

export interface LockedRow {
  /** `database.table`. */
  readonly table: string
  readonly index: string
  /** As InnoDB says: `X locks rec but not gap`. */
  readonly mode: string
  /** The keys of the rows, readable as far as the text shows them; at most a few. */
  readonly rows: readonly string[]
}

export interface DeadlockTransaction {
  /** As the text numbers them, from 1. */
  readonly number: number
  readonly transactionId: string
  readonly activeSeconds: number
  /** Of the connection. */
  readonly connectionId: string | null
  readonly user: string | null
  /** The statement that waited. */
  readonly statement: string
  readonly holds: readonly LockedRow[]
  readonly waitsFor: readonly LockedRow[]
}

export interface Deadlock {
  /** In the server's local time: `2026-11-30 10:41:11`. */
  readonly at: string
  readonly transactions: readonly DeadlockTransaction[]
  /** The number of the transaction that was rolled back; null if the text ends before it. */
  readonly rolledBack: number | null
}

const SECTION =
  /\nLATEST DETECTED DEADLOCK\n-+\n([\s\S]*?)(?:\n-{4,}\n(?:TRANSACTIONS|FILE I\/O|BACKGROUND THREAD)\n|$)/
const ROWS_SHOWN_MAX = 3

/** Null when there was no deadlock since the server started, or the text has another form. */
export function deadlockIn(status: string): Deadlock | null {
  const section = SECTION.exec(`\n${status.replaceAll('\r\n', '\n')}`)?.[1]
  const at = section === undefined ? undefined : /^(\d{4}-\d\d-\d\d [ \d]\d:\d\d:\d\d)/.exec(section)?.[1]
  if (section === undefined || at === undefined) return null
  const blocks = section.split(/^\*\*\* (?=\(\d+\) TRANSACTION:$)/m).slice(1)
  const found = blocks.map(partsOf).filter((parts) => parts !== null)
  if (found.length < 2) return null
  const rolledBack = /^\*\*\* WE ROLL BACK TRANSACTION \((\d+)\)/m.exec(section)?.[1]
  return {
    at: at.replace('  ', ' 0'),
    transactions: found.map((parts) => transactionOf(parts, found)),
    rolledBack: rolledBack === undefined ? null : Number(rolledBack),
  }
}

type Role = 'holds' | 'waits' | 'conflicts'

interface Lock extends LockedRow {
  readonly role: Role
  readonly transactionId: string
}

interface Parts {
  readonly head: Omit<DeadlockTransaction, 'holds' | 'waitsFor'>
  readonly locks: readonly Lock[]
}

function partsOf(block: string): Parts | null {
  const [head = '', ...rest] = block.split(/^\*\*\* /m)
  const number = /^\((\d+)\) TRANSACTION:/.exec(head)?.[1]
  const begun = /^TRANSACTION (\S+), ACTIVE(?: \(\w+\))? (\d+) sec/m.exec(head)
  if (number === undefined || begun === null) return null
  const connection = /^(?:MySQL|MariaDB) thread id (\d+), OS thread handle \S+ query id \d+ ?(.*)\n([\s\S]*)$/m.exec(
    head,
  )
  const locks = rest.flatMap((part) => {
    const role = roleOf(part)
    return role === null ? [] : locksIn(part, role)
  })
  return {
    head: {
      number: Number(number),
      transactionId: begun[1]!,
      activeSeconds: Number(begun[2]),
      connectionId: connection?.[1] ?? null,
      user: userOf(connection?.[2] ?? ''),
      statement: (connection?.[3] ?? '').trim(),
    },
    locks,
  }
}

const ADDRESS = /^(?:localhost|(?:\d{1,3}\.){3}\d{1,3}|[\da-f]*:[\da-f:.]+)$/i

/** `localhost 127.0.0.1 root updating`: the name of the host, its address, the user, the state. */
function userOf(text: string): string | null {
  const words = text.split(' ').filter((word) => word !== '')
  const address = words.slice(0, 2).findLastIndex((word) => ADDRESS.test(word))
  return address === -1 ? null : (words[address + 1] ?? null)
}

function roleOf(part: string): Role | null {
  const title = part.slice(0, part.indexOf('\n'))
  if (/HOLDS THE LOCK/.test(title)) return 'holds'
  if (/WAITING FOR THIS LOCK/.test(title)) return 'waits'
  return /CONFLICTING WITH/.test(title) ? 'conflicts' : null
}

const RECORD_LOCK =
  /^RECORD LOCKS space id \d+ page no \d+ n bits \d+ index (.+?) of table (`.+?`\.`.+?`)(?: \/\* .*? \*\/)? trx id (\S+) lock[_ ]mode (.+)$/
const TABLE_LOCK = /^TABLE LOCK table (`.+?`\.`.+?`)(?: \/\* .*? \*\/)? trx id (\S+) lock mode (.+)$/

function locksIn(part: string, role: Role): readonly Lock[] {
  const locks: Lock[] = []
  for (const text of part.split(/^(?=(?:RECORD LOCKS|TABLE LOCK) )/m)) {
    const line = text.slice(0, text.indexOf('\n'))
    const record = RECORD_LOCK.exec(line)
    const table = TABLE_LOCK.exec(line)
    if (record !== null) {
      const [, index, name, transactionId, mode] = record as unknown as [string, string, string, string, string]
      locks.push({
        role,
        transactionId,
        table: plainName(name),
        index: index.replaceAll('`', ''),
        mode: modeOf(mode),
        rows: keysIn(text),
      })
    } else if (table !== null) {
      const [, name, transactionId, mode] = table as unknown as [string, string, string, string]
      locks.push({ role, transactionId, table: plainName(name), index: '', mode: modeOf(mode), rows: [] })
    }
  }
  return locks
}

function plainName(quoted: string): string {
  return quoted.replaceAll('`', '')
}

function modeOf(text: string): string {
  return text.replace(/ waiting(?: Record lock)?$/, '').trim()
}

/** The records below the line of a lock. */
function keysIn(text: string): readonly string[] {
  return text
    .split(/^Record lock, /m)
    .slice(1, ROWS_SHOWN_MAX + 1)
    .map((record) =>
      decodeKey(
        [
          ...record.matchAll(
            /^ (\d+): (?:len (\d+); hex ([0-9a-f]*); asc (.*?);(?: \(total (\d+) bytes\))?;?|SQL NULL);?$/gm,
          ),
        ].map(fieldOf),
      ),
    )
    .filter((key) => key !== '')
}

function fieldOf([, , length, hex, ascii, total]: RegExpMatchArray): StoredField | null {
  if (hex === undefined) return null
  return { length: Number(length), hex, ascii: ascii ?? '', isCut: total !== undefined }
}

/** Locks that stand in the way of others belong to the transaction that they name. */
function transactionOf({ head, locks }: Parts, all: readonly Parts[]): DeadlockTransaction {
  const own = locks.filter(({ role }) => role === 'holds')
  const inTheWay = all
    .flatMap((parts) => parts.locks)
    .filter(({ role, transactionId }) => role === 'conflicts' && transactionId === head.transactionId)
  const held = [...own, ...inTheWay]
  const kept = held.filter((lock, place) => held.findIndex((other) => isSame(lock, other)) === place)
  return {
    ...head,
    holds: kept.map(rowOf),
    waitsFor: locks.filter(({ role }) => role === 'waits').map(rowOf),
  }
}

function isSame(left: Lock, right: Lock): boolean {
  return left.table === right.table && left.index === right.index && left.rows.join() === right.rows.join()
}

function rowOf({ table, index, mode, rows }: Lock): LockedRow {
  return { table, index, mode, rows }
}
