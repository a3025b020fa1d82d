/**
 * Finds the beginning and the end of a commit in the messages between a client and a database server.
 *
 * MySQL: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
 * PostgreSQL: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import { WRITE_NAME } from '../../src/stores/postgres/writes.ts'
import type { ServerName } from '../../harness/server-installations.ts'

/** `plain`: the whole transaction in one message. `exclusive`: an earlier message locked the rows. */
export type CommitKind = 'plain' | 'exclusive'

/** A client message that is part of a commit. */
export interface RequestPart {
  readonly kind: CommitKind
  readonly isFirst: boolean
  readonly isLast: boolean
}

export interface Dialogue {
  /** The length of the client's first message; null until it has arrived completely. */
  clientMessageLength(bytes: Buffer): number | null
  serverMessageLength(bytes: Buffer): number | null
  /** Processes the client's next message; null when it is not part of a commit. */
  clientSays(message: Buffer): RequestPart | null
  /** Follows this commit, from its first message on: `serverSays` reports its answer. */
  follow(): void
  /** Processes the server's next message; null when it does not answer the commit that is followed. */
  serverSays(message: Buffer): 'answer' | 'end of answer' | null
}

export function dialogueWith(server: ServerName): Dialogue {
  return server === 'postgres' ? new PostgresDialogue() : new MysqlDialogue()
}

const COM_QUERY = 3
const OK = 0
const MORE_RESULTS = 8

/** A commit is one text, and the client waits for its answer before it sends another. */
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
    // MySQL servers, unlike MariaDB, expect the number of query attributes before the text.
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

/** An error packet, or the last OK packet. Every statement of the text is answered by one OK. */
function isLastReply(packet: Buffer): boolean {
  if (packet[4] !== OK) return true
  const afterRows = afterLength(packet, 5)
  const status = packet.readUInt16LE(afterLength(packet, afterRows))
  return (status & MORE_RESULTS) === 0
}

/** The position after a length-encoded integer. */
function afterLength(packet: Buffer, position: number): number {
  const first = packet[position]!
  if (first < 0xfb) return position + 1
  return position + (first === 0xfc ? 3 : first === 0xfd ? 4 : 9)
}

const [PARSE, BIND, SYNC, QUERY, READY] = Buffer.from('PBSQZ')

/** Commits are pipelined, so their answers are found by counting: each Sync or Query produces one ReadyForQuery. */
class PostgresDialogue implements Dialogue {
  #hasBegun = false
  /** Requests for a ReadyForQuery so far, and ReadyForQuery received; the first one ends the login. */
  #asked = 1
  #ready = 0
  /** Whether a BEGIN was sent and its end was not. */
  #inTransaction = false
  /** The commit whose messages are being sent. */
  #open: CommitKind | null = null
  /** For the commit that is followed: the number of ReadyForQuery before its answer, and up to its end. */
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
