/** Row locks as on a database server: a later transaction waits, up to a limit. */
import type { World } from './world.ts'

interface Waiting {
  readonly grant: () => void
}

export class RowLocks {
  readonly #world: World
  /** The waiting transactions of each locked row, without the owner of the lock. */
  readonly #queues = new Map<string, Waiting[]>()

  constructor(world: World) {
    this.#world = world
  }

  /** Locks the rows one after another in ascending order. Null, with no row locked, when that took longer than `waitMs`. */
  async acquire(rows: Iterable<string>, waitMs: number): Promise<{ release: () => void } | null> {
    const held: string[] = []
    const release = (): void => {
      for (const row of held.splice(0)) this.#release(row)
    }
    const deadline = this.#world.now + waitMs
    for (const row of [...new Set(rows)].sort()) {
      if (!(await this.#acquireOne(row, deadline - this.#world.now))) {
        release()
        return null
      }
      held.push(row)
    }
    return { release }
  }

  /** Those of the rows that are locked now. */
  lockedOf(rows: Iterable<string>): ReadonlySet<string> {
    return new Set([...rows].filter((row) => this.#queues.has(row)))
  }

  #acquireOne(row: string, waitMs: number): Promise<boolean> {
    const queue = this.#queues.get(row)
    if (queue === undefined) {
      this.#queues.set(row, [])
      return Promise.resolve(true)
    }
    return new Promise((resolve) => {
      const cancel = this.#world.after(waitMs, () => {
        queue.splice(queue.indexOf(waiting), 1)
        resolve(false)
      })
      const waiting: Waiting = {
        grant: () => {
          cancel()
          resolve(true)
        },
      }
      queue.push(waiting)
    })
  }

  #release(row: string): void {
    const next = this.#queues.get(row)!.shift()
    if (next === undefined) this.#queues.delete(row)
    else next.grant()
  }
}
