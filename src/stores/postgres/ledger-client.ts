/** A connection that keeps what the server reports besides its answers. */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Client, type ClientConfig, type Connection } from 'pg'
import { SILENT_MS } from '../host-search.ts'

interface Notice {
  readonly code?: string | undefined
  readonly routine?: string | undefined
}

interface ParameterStatus {
  readonly parameterName: string
  readonly parameterValue: string
}

type Attachable = Connection & { attachListeners(stream: Duplex): void }

/** Parameters that PostgreSQL reports by itself, also when they change. If one of them is `on`, the server accepts only reads. */
const READ_ONLY_PARAMETERS: ReadonlySet<string> = new Set(['default_transaction_read_only', 'in_hot_standby'])

/** The server's function that gave up waiting for a standby: its message may be translated, its name is not. */
const WAIT_ROUTINE = 'SyncRepWaitForLSN'
/** COMMIT outside of a transaction: the statements before it were not part of one. */
const NO_TRANSACTION_STATE = '25P01'

export class LedgerClient extends Client {
  // A property of the driver that its types leave out.
  declare readonly ref: () => void
  declare readonly unref: () => void
  /** False while a statement has no answer. */
  declare readonly readyForQuery: boolean
  /** As the other end reported when the connection was made; a pooler invents one. */
  declare readonly processID: number | null
  /** When it began to connect, in milliseconds of `performance.now()`. */
  readonly madeAt = performance.now()
  /** When it became ready for the ledger's statements. */
  readyAt = performance.now()
  /** Commits that were answered with success although they are not as durable as required. */
  unprovenCount = 0
  readonly #readOnly = new Set<string>()

  constructor(config: ClientConfig) {
    super(config)
    // A lost connection rejects its waiting statements; as an event without a listener it would also end the process.
    this.on('error', () => undefined)
    this.on('notice', ({ code, routine }: Notice) => {
      if (routine === WAIT_ROUTINE || code === NO_TRANSACTION_STATE) this.unprovenCount++
    })
    this.connection.on('parameterStatus', ({ parameterName: name, parameterValue: value }: ParameterStatus) => {
      if (!READ_ONLY_PARAMETERS.has(name)) return
      if (value === 'on') this.#readOnly.add(name)
      else this.#readOnly.delete(name)
    })
    guardParser(this.connection as Attachable)
  }

  /** Whether the server accepted only reads when it last answered. */
  get takesReadsOnly(): boolean {
    return this.#readOnly.size > 0
  }

  /** From now on the connection ends when the server is silent while statements wait for it, and another one has taken over. */
  followWrites(isElsewhere: () => Promise<boolean>): void {
    const { stream } = this.connection as unknown as { readonly stream: Socket }
    let before: number | null = null
    const look = async (): Promise<void> => {
      const { bytesRead } = stream
      const isSilent = !this.readyForQuery && bytesRead === before
      before = bytesRead
      // It may have said something meanwhile.
      if (isSilent && (await isElsewhere()) && stream.bytesRead === bytesRead)
        stream.destroy(new Error('The server does not answer, and another one takes the writes.'))
    }
    const timer = setInterval(() => void look(), SILENT_MS).unref()
    this.once('end', () => clearInterval(timer))
  }
}

/**
 * The driver throws on messages that it does not know, such as an unsupported method of authentication, in a place where nobody can
 * catch the error. So the error ends the connection instead of the process.
 */
function guardParser(connection: Attachable): void {
  const attach = connection.attachListeners.bind(connection)
  connection.attachListeners = (stream) => {
    const before = new Set(stream.listeners('data'))
    attach(stream)
    for (const listener of stream.listeners('data') as ((data: Buffer) => void)[]) {
      if (before.has(listener)) continue
      stream.off('data', listener)
      stream.on('data', (data: Buffer) => {
        try {
          listener(data)
        } catch (error) {
          stream.destroy(error as Error)
        }
      })
    }
  }
}
