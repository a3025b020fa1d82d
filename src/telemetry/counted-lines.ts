/**
 * Lines of a log about events that may be frequent: the first of its kind is written at once, then at most one line per kind and interval,
 * with the number of events since the line before. The numbers of all lines together are the number of events.
 */
import type { Clock } from '../engine/clock.ts'

/** @param count the events that the line stands for, 1 or more */
export type WriteLine = (count: number) => void

/** The time after a line in which further events of its kind are only counted. */
interface Pause {
  count: number
  /** Writes the line about the last event. */
  write: WriteLine
  readonly cancel: () => void
}

export class CountedLines<Kind extends string> {
  readonly #intervalMs: number
  readonly #clock: Pick<Clock, 'after'>
  readonly #pauses = new Map<Kind, Pause>()

  /** @param intervalMs between two lines of one kind */
  constructor(intervalMs: number, clock: Pick<Clock, 'after'>) {
    this.#intervalMs = intervalMs
    this.#clock = clock
  }

  /** @param write called now, or later with the number of events in between; only that of the last event is */
  note(kind: Kind, write: WriteLine): void {
    const pause = this.#pauses.get(kind)
    if (pause === undefined) {
      this.#pause(kind, write)
      return write(1)
    }
    pause.count++
    pause.write = write
  }

  /** Writes what is counted, and forgets every pause. */
  flush(): void {
    const pauses = [...this.#pauses.values()]
    this.#pauses.clear()
    for (const { count, write, cancel } of pauses) {
      cancel()
      if (count > 0) write(count)
    }
  }

  #pause(kind: Kind, write: WriteLine): void {
    const cancel = this.#clock.after(this.#intervalMs, () => {
      const ended = this.#pauses.get(kind)!
      this.#pauses.delete(kind)
      if (ended.count === 0) return
      this.#pause(kind, ended.write)
      ended.write(ended.count)
    })
    this.#pauses.set(kind, { count: 0, write, cancel })
  }
}
