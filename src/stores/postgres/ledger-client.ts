/** A connection that keeps what the server says beside its answers. */
import type { Duplex } from 'node:stream'
import { Client, type ClientConfig, type Connection } from 'pg'

interface Notice {
  readonly code?: string | undefined
  readonly routine?: string | undefined
}

interface ParameterStatus {
  readonly parameterName: string
  readonly parameterValue: string
}

type Attachable = Connection & { attachListeners(stream: Duplex): void }

/** Parameters that PostgreSQL reports without being asked, also when they change. Either one at `on` means reads only. */
const READ_ONLY_PARAMETERS: ReadonlySet<string> = new Set(['default_transaction_read_only', 'in_hot_standby'])

/** The function of the server that gave up waiting for a standby: its message is translated, its name is not. */
const WAIT_ROUTINE = 'SyncRepWaitForLSN'
/** COMMIT outside of a transaction: what should have been committed was not part of one. */
const NO_TRANSACTION_STATE = '25P01'

export class LedgerClient extends Client {
  // The driver's own, which its types leave out.
  declare readonly ref: () => void
  declare readonly unref: () => void
  /** As the other end said when the connection was made; a pooler makes one up. */
  declare readonly processID: number | null
  /** When it began to connect, in milliseconds of `performance.now()`. */
  readonly madeAt = performance.now()
  /** When it was ready for the ledger's statements. */
  readyAt = performance.now()
  /** Commits that the server answered with success although they are not what was asked for. */
  unprovenCount = 0
  readonly #readOnly = new Set<string>()

  constructor(config: ClientConfig) {
    super(config)
    // A connection that breaks says so to whoever waits for it; as an event of its own it would end the process.
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

  /** Whether the server took reads only when it last answered. */
  get takesReadsOnly(): boolean {
    return this.#readOnly.size > 0
  }
}

/**
 * The driver throws at bytes that it does not understand, such as a method of authentication that it lacks, where nobody can catch
 * it. So they break the connection instead of the process.
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
