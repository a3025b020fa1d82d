/**
 * The application of the write-ups as a process, for tests that kill it: its methods on its tables, as the lab's strategies have them.
 *
 * Callers in another process send it calls. A module that they name (that of docs/guides/bridge.md) gives each call to the old method or to
 * the ledger; without one, every call is an old method's.
 */
import { pathToFileURL } from 'node:url'
import type {
  Assignment,
  Family,
  OldAnswer,
  OldCall,
  Preparation,
  Shares,
  ToApplication,
} from '../harness/old-application.ts'
import { cohort, connect, type Ledger, type RoutingRule } from '../src/client/index.ts'
import { DatabaseFailure } from './databases/database.ts'
import { STRATEGIES } from './strategies/catalogue.ts'
import type { FreezeRequest, HoldRequest, Lives, Player, Site } from './strategies/strategy.ts'

/** What both sides offer to callers. */
interface Credits {
  freeze(request: FreezeRequest): Promise<unknown>
  settle(hold: HoldRequest, cost: number): Promise<unknown>
  refund(hold: HoldRequest): Promise<unknown>
}

/** What the guide's module exports. */
interface CreditsModule {
  movedCredits(ledger: Ledger): Credits
  sharedCredits(old: Credits, ledger: Ledger, isMoved: RoutingRule): Credits
}

const FAMILIES = { atomic: STRATEGIES.cas, locking: STRATEGIES['row-lock'] } as const
const CONNECTIONS = 4
const LOCK_TIMEOUT_MS = 10_000
/** A call that is answered later is repeated by its caller, who has not ended it. */
const LEDGER_CALL_MS = 5_000

/** A strategy whose connections are made again after the database was away. */
class Reconnecting implements Credits {
  readonly #family: Family
  readonly #site: Site
  #player: Promise<Player> | null = null

  constructor(family: Family, site: Site) {
    this.#family = family
    this.#site = site
  }

  freeze(request: FreezeRequest): Promise<unknown> {
    return this.#use((lives) => lives.freeze(request))
  }

  settle(hold: HoldRequest, cost: number): Promise<unknown> {
    return this.#use((lives) => lives.settle(hold, cost))
  }

  refund(hold: HoldRequest): Promise<unknown> {
    return this.#use((lives) => lives.release(hold))
  }

  async #use(work: (lives: Lives) => Promise<unknown>): Promise<unknown> {
    const opened = (this.#player ??= FAMILIES[this.#family].open(this.#site))
    try {
      return await work((await opened).lives!)
    } catch (error) {
      if (isLost(error) && this.#player === opened) {
        this.#player = null
        opened.then((player) => player[Symbol.asyncDispose]()).catch(() => undefined)
      }
      throw error
    }
  }
}

/** Any failure without a code of its own may be that of a connection, which is not used again then. */
function isLost(error: unknown): boolean {
  return error instanceof DatabaseFailure && error.code === 'database'
}

class Application {
  readonly #site: Site
  readonly #old: Readonly<Record<Family, Credits>>
  readonly #ledger: Ledger
  readonly #module: CreditsModule
  #credits: Readonly<Record<Family, Credits>>

  static async open(assignment: Assignment): Promise<Application> {
    return new Application(assignment, (await import(pathToFileURL(assignment.module).href)) as CreditsModule)
  }

  private constructor({ url, dialect, services, shares }: Assignment, module: CreditsModule) {
    this.#site = {
      url,
      dialect,
      users: [],
      funds: 0,
      connectionsMax: CONNECTIONS,
      inFlight: CONNECTIONS,
      lockTimeoutMs: LOCK_TIMEOUT_MS,
      statementPauseMs: 0,
      processCount: 1,
      processIndex: 0,
    }
    this.#old = { atomic: new Reconnecting('atomic', this.#site), locking: new Reconnecting('locking', this.#site) }
    this.#ledger = connect(services, { limits: { callTimeoutMsDefault: LEDGER_CALL_MS } })
    this.#module = module
    this.#credits = this.#shared(shares)
  }

  async obey(message: Exclude<ToApplication, Assignment>): Promise<void> {
    if (message.kind === 'shares') {
      this.#credits = this.#shared(message.shares)
      return
    }
    const { number } = message
    await this.#do(message).then(
      () => answer({ number, code: null, message: '' }),
      (error: unknown) => answer({ number, ...named(error) }),
    )
  }

  async #do(message: Preparation | OldCall): Promise<void> {
    if (message.kind === 'preparation') {
      await FAMILIES.atomic.prepare({ ...this.#site, users: message.users, funds: message.funds })
      return
    }
    const credits = this.#credits[message.family]
    if (message.method === 'freeze') await credits.freeze(message)
    else if (message.method === 'settle') await credits.settle(message, message.amount)
    else await credits.refund(message)
  }

  #shared(shares: Shares): Readonly<Record<Family, Credits>> {
    const of = (family: Family): Credits => {
      const share = shares[family]
      if (share === 'old') return this.#old[family]
      if (share === 'ledger') return this.#module.movedCredits(this.#ledger)
      return this.#module.sharedCredits(this.#old[family], this.#ledger, cohort(share))
    }
    return { atomic: of('atomic'), locking: of('locking') }
  }
}

function answer(message: OldAnswer): void {
  process.send!(message)
}

function named(error: unknown): { readonly code: string; readonly message: string } {
  const { code, message } = error as Error & { readonly code?: unknown }
  if (typeof code !== 'string') throw error
  return { code, message }
}

let application: Promise<Application> | null = null
process.on('message', (message: ToApplication) => {
  if (message.kind === 'assignment') application = Application.open(message)
  else void application!.then((opened) => opened.obey(message))
})
// Its callers are gone.
process.on('disconnect', () => process.exit())
