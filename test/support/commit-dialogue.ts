/**
 * Where a commit begins and ends in what a client and a database server say to each other, message by message.
 *
 * MySQL: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
 * PostgreSQL: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import { WRITE_NAME } from '../../src/stores/postgres/writes.ts'
import type { ServerName } from './server-installations.ts'

/** `plain`: the whole transaction at once. `exclusive`: its rows were locked by a message before, and are locked still. */
export type CommitKind = 'plain' | 'exclusive'

/** A message of the client that belongs to a commit. */
export interface RequestPart {
  readonly kind: CommitKind
  readonly isFirst: boolean
  readonly isLast: boolean
}

export interface Dialogue {
  /** The length of the first message in what the client has sent; null while it has not arrived whole. */
  clientMessageLength(bytes: Buffer): number | null
  serverMessageLength(bytes: Buffer): number | null
  /** Takes note of the client's next message. Null: it belongs to no commit. */
  clientSays(message: Buffer): RequestPart | null
  /** From the first part of a commit on: `serverSays` tells of this one's answer. */
  follow(): void
  /** Takes note of the server's next message. Null: it does not answer the commit that is followed. */
  serverSays(message: Buffer): 'answer' | 'end of answer' | null
}

export function dialogueWith(server: ServerName): Dialogue {
  return server === 'postgres' ? new PostgresDialogue() : new MysqlDialogue()
}

const COM_QUERY = 3
const OK = 0
const MORE_RESULTS = 8

/** A commit is one text, and the client sends no other before it is answered. */
class MysqlDialogue implements Dialogue {
  #followed = false

  clientMessageLength(bytes: Buffer): number | null {
    return lengthOf(bytes, 4, () => 4 + bytes.readUIntLE(0, 3))
  }

  serverMessageLength(bytes: Buffer): number | null {
    return this.clientMessageLength(bytes)
  }

  clientSays(packet: Buffer): RequestPart | null {
    if (packet[4] !== COM_QUERY || packet.readUIntLE(0, 3) < 6) return null
    const text = packet.toString('latin1', 5)
    if (!/COMMIT(;\nEND)?$/.test(text) || text.includes('READ ONLY')) return null
    // MySQL's own servers take the number of the query's attributes before its text.
    const kind = /^[^A-Z]{0,2}(BEGIN NOT ATOMIC\n)?START TRANSACTION;/.test(text) ? 'plain' : 'exclusive'
    return { kind, isFirst: true, isLast: true }
  }

  follow(): void {
    this.#followed = true
  }

  serverSays(packet: Buffer): 'answer' | 'end of answer' | null {
    if (!this.#followed) return null
    if (!isLastReply(packet)) return 'answer'
    this.#followed = false
    return 'end of answer'
  }
}

/** An error, or an OK behind which nothing follows. Every statement of a commit's text is answered with OK. */
function isLastReply(packet: Buffer): boolean {
  if (packet[4] !== OK) return true
  const afterRows = afterLength(packet, 5)
  const status = packet.readUInt16LE(afterLength(packet, afterRows))
  return (status & MORE_RESULTS) === 0
}

/** The position behind a length-encoded integer. */
function afterLength(packet: Buffer, position: number): number {
  const first = packet[position]!
  if (first < 0xfb) return position + 1
  return position + (first === 0xfc ? 3 : first === 0xfd ? 4 : 9)
}

const [PARSE, BIND, SYNC, QUERY, READY] = Buffer.from('PBSQZ')

/** Commits are sent without waiting for each other, so answers are found by counting: each Sync or Query brings one ReadyForQuery. */
class PostgresDialogue implements Dialogue {
  #hasBegun = false
  /** What asks for a ReadyForQuery, and those that came; the first one ends the login. */
  #asked = 1
  #ready = 0
  /** Whether BEGIN went out and its end did not. */
  #inTransaction = false
  /** The commit whose messages are on their way. */
  #open: CommitKind | null = null
  /** Of the commit that is followed: how many ReadyForQuery come before its answer, and up to its end. */
  #followed: { readonly after: number; end: number | null } | null = null

  clientMessageLength(bytes: Buffer): number | null {
    if (this.#hasBegun) return this.serverMessageLength(bytes)
    return lengthOf(bytes, 4, () => bytes.readUInt32BE(0))
  }

  serverMessageLength(bytes: Buffer): number | null {
    return lengthOf(bytes, 5, () => 1 + bytes.readUInt32BE(1))
  }

  clientSays(message: Buffer): RequestPart | null {
    if (!this.#hasBegun) {
      this.#hasBegun = true
      return null
    }
    const isFirst = this.#open === null && namesCommit(message)
    if (isFirst) this.#open = this.#inTransaction ? 'exclusive' : 'plain'
    const kind = this.#open
    const text = message[0] === QUERY ? message.toString('latin1', 5, message.length - 1) : null
    if (message[0] === SYNC || text !== null) this.#asked++
    if (text === 'BEGIN') this.#inTransaction = true
    if (text === 'COMMIT' || text === 'ROLLBACK') this.#inTransaction = false
    if (kind === null) return null
    const isLast = kind === 'plain' ? message[0] === SYNC : text !== null
    if (isLast) {
      this.#open = null
      if (this.#followed?.end === null) this.#followed.end = this.#asked
    }
    return { kind, isFirst, isLast }
  }

  follow(): void {
    this.#followed = { after: this.#asked, end: null }
  }

  serverSays(message: Buffer): 'answer' | 'end of answer' | null {
    const isAnswer = this.#followed !== null && this.#ready >= this.#followed.after
    if (message[0] === READY) this.#ready++
    if (!isAnswer) return null
    if (this.#ready !== this.#followed!.end) return 'answer'
    this.#followed = null
    return 'end of answer'
  }
}

function namesCommit(message: Buffer): boolean {
  if (message[0] === PARSE) return message.toString('latin1', 5, 5 + WRITE_NAME.length) === WRITE_NAME
  if (message[0] !== BIND) return false
  const statement = message.indexOf(0, 5) + 1
  return message.toString('latin1', statement, statement + WRITE_NAME.length) === WRITE_NAME
}

function lengthOf(bytes: Buffer, headBytes: number, read: () => number): number | null {
  if (bytes.length < headBytes) return null
  const length = read()
  return bytes.length < length ? null : length
}
