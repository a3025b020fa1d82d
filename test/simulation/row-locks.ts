/** Row locks as a database server has them: whoever comes later waits, for a while. */
import type { World } from './world.ts'

interface Waiting {
  readonly grant: () => void
}

export class RowLocks {
  readonly #world: World
  /** Who waits for each locked row; the lock's owner is not among them. */
  readonly #queues = new Map<string, Waiting[]>()

  constructor(world: World) {
    this.#world = world
  }

  /** Locks the rows one after another in ascending order. Null when that took longer than `waitMs`; then none is locked. */
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
