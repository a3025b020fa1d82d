/** Several processes of the service on one new database, and callers that keep them busy. */
import assert from 'node:assert/strict'
import type { Ledger } from '../../src/api/ledger.ts'
import { connect } from '../../src/client/index.ts'
import { migrateLedger, openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import { freePort } from '../support/free-port.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import { Callers, type Call } from './callers.ts'

export interface DeploymentOptions {
  readonly processes: number
  readonly callers: number
  /** Parameters of `holdfast serve` in addition to the store and the port. */
  readonly parameters?: readonly string[]
  /**
   * URLs of the same database, assigned to the processes in turn: the nodes of a cluster. By default all processes use the one store URL.
   */
  readonly stores?: readonly string[]
}

export class Deployment implements AsyncDisposable {
  readonly callers: Callers
  readonly #stores: readonly string[]
  readonly #ports: readonly number[]
  readonly #parameters: readonly string[]
  readonly #clients: readonly Ledger[]
  /** By process number; undefined for a killed process. */
  readonly #services: (ServiceProcess | undefined)[] = []
  readonly #starting = new Set<Promise<unknown>>()
  #ledger: EmbeddedLedger | null = null

  static async start(store: string, options: DeploymentOptions): Promise<Deployment> {
    const { processes, callers, parameters = [], stores = [store] } = options
    await migrateLedger(store)
    const ports = await Promise.all(Array.from({ length: processes }, freePort))
    const deployment = new Deployment(stores, ports, parameters)
    try {
      await Promise.all(ports.map((_, process) => deployment.startService(process)))
      await deployment.callers.start(callers)
      return deployment
    } catch (error) {
      await deployment[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(stores: readonly string[], ports: readonly number[], parameters: readonly string[]) {
    this.#stores = stores
    this.#ports = ports
    this.#parameters = parameters
    // One attempt per call: the clients do not retry on their own.
    this.#clients = this.urls.map((url) => connect(url, { limits: { attemptsMax: 1 } }))
    this.callers = new Callers(this.#clients)
  }

  get calls(): readonly Call[] {
    return this.callers.calls
  }

  /** The URLs of the services, by process number. */
  get urls(): readonly string[] {
    return this.#ports.map((port) => `http://127.0.0.1:${port}`)
  }

  /** The database after the end, opened in a process that was not part of the run. */
  get ledger(): EmbeddedLedger {
    assert.ok(this.#ledger !== null, 'the callers have not stopped yet')
    return this.#ledger
  }

  /** Starts the service on the port that it had before. */
  async startService(process: number): Promise<void> {
    const port = String(this.#ports[process])
    const store = this.#stores[process % this.#stores.length]!
    const started = ServiceProcess.start(store, ['--port', port, ...this.#parameters])
    const kept = started.then((service) => (this.#services[process] = service))
    this.#starting.add(kept)
    await kept.finally(() => this.#starting.delete(kept))
  }

  async killService(process: number): Promise<void> {
    await this.#services[process]!.kill()
    this.#services[process] = undefined
  }

  /** Stops the callers, then the processes. Each process must still be alive, and must end in order. */
  async finish(): Promise<void> {
    await this.callers.stop()
    for (const service of this.#services) {
      if (service !== undefined) assert.equal(await service.stop(), 0, service.log)
    }
    this.#ledger = await openLedger(this.#stores[0]!)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A process may still be starting although its caller no longer waits for it.
    await Promise.allSettled(this.#starting)
    for (const service of this.#services) await service?.kill()
    await this.callers.stop()
    await Promise.all(this.#clients.map((client) => client.close()))
    await this.#ledger?.close()
  }
}
