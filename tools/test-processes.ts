/**
 * The processes of a test run, as Linux shows them under /proc: one per test file, and all of its descendants.
 *
 * A file that exceeds its time limit is killed with its descendants. Descendants that outlive their file were left behind.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

interface Shown {
  readonly parent: number
  /** In clock ticks since boot; tells a reused process id apart. */
  readonly startedAt: string
  readonly isRunning: boolean
}

interface Started {
  readonly pid: number
  readonly startedAt: string
  readonly command: string
}

interface TestFile {
  readonly name: string
  readonly seenAt: number
  readonly own: Started
  readonly descendants: Map<number, Started>
  /** By `performance.now()`, as `seenAt`; null while it runs. */
  endedAt: number | null
  /** When its processes were killed, for either event of the listener; null before that. */
  killedAt: number | null
}

export interface TestProcessesListener {
  /** The file was killed because it exceeded the limit. */
  overdue(file: string): void
  /** The file has ended; these processes had not, and were killed. */
  leftBehind(file: string, commands: readonly string[]): void
}

const LOOK_EVERY_MS = 250
/** Long enough for the processes of a killed file to end, even a large database on a busy machine. */
const LEFT_MS_MAX = 5_000
/** A process that survives SIGKILL this long is blocked in the kernel; waiting longer is useless. */
const KILLED_MS_MAX = 30_000

export class TestProcesses implements AsyncDisposable {
  readonly #fileMsMax: number
  readonly #listener: TestProcessesListener
  readonly #files = new Map<number, TestFile>()
  readonly #timer: NodeJS.Timeout

  constructor(fileMsMax: number, listener: TestProcessesListener) {
    this.#fileMsMax = fileMsMax
    this.#listener = listener
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS)
  }

  /** Looks at the processes now. */
  look(): void {
    const shown = shownProcesses()
    for (const [pid, { parent, startedAt }] of shown) {
      if (parent === process.pid && !this.#files.has(pid)) this.#add(pid, startedAt)
    }
    for (const file of this.#files.values()) this.#lookAt(file, shown)
  }

  /** Waits, after the run, until the processes of every file are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.look()
    while (this.#files.size > 0) {
      await sleep(LOOK_EVERY_MS)
      this.look()
    }
  }

  #add(pid: number, startedAt: string): void {
    const command = commandOf(pid)
    const name = /\S+\.test\.[jt]s/.exec(command)?.[0]
    if (name === undefined) return
    const own = { pid, startedAt, command }
    this.#files.set(pid, {
      name,
      seenAt: performance.now(),
      own,
      descendants: new Map(),
      endedAt: null,
      killedAt: null,
    })
  }

  #lookAt(file: TestFile, shown: ReadonlyMap<number, Shown>): void {
    const { name, own, descendants, seenAt } = file
    const family = new Set([own.pid, ...descendants.keys()])
    // Parents usually precede their children; the next look finds the rest.
    for (const [pid, { parent, startedAt }] of shown) {
      if (!family.has(parent) || family.has(pid)) continue
      family.add(pid)
      descendants.set(pid, { pid, startedAt, command: commandOf(pid) })
    }
    const isThere = ({ pid, startedAt }: Started): boolean => {
      const process = shown.get(pid)
      return process?.startedAt === startedAt && process.isRunning
    }
    for (const descendant of descendants.values()) if (!isThere(descendant)) descendants.delete(descendant.pid)
    if (file.killedAt !== null) {
      // Kept until a look no longer finds the processes: SIGKILL takes effect asynchronously.
      const left = [own, ...descendants.values()].filter(isThere)
      for (const { pid } of left) end(pid)
      if (left.length === 0 || performance.now() - file.killedAt > KILLED_MS_MAX) this.#files.delete(own.pid)
    } else if (!isThere(own)) {
      file.endedAt ??= performance.now()
      if (descendants.size > 0 && performance.now() - file.endedAt < LEFT_MS_MAX) return
      if (descendants.size === 0) return void this.#files.delete(own.pid)
      // Read again: a process that was first seen between fork and exec still had its parent's command line.
      const commands = [...descendants.values()].map(({ pid, command }) => `${pid} ${commandOf(pid) || command}`)
      for (const { pid } of descendants.values()) end(pid)
      file.killedAt = performance.now()
      this.#listener.leftBehind(name, commands)
    } else if (performance.now() - seenAt > this.#fileMsMax) {
      for (const { pid } of [own, ...descendants.values()]) end(pid)
      file.killedAt = performance.now()
      this.#listener.overdue(name)
    }
  }
}

function shownProcesses(): ReadonlyMap<number, Shown> {
  const shown = new Map<number, Shown>()
  for (const name of namesIn('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid)) continue
    // Skips the program's name, which may contain any character.
    const row = textOf(`/proc/${pid}/stat`)
    const fields = row.slice(row.lastIndexOf(')') + 2).split(' ')
    const [state, parent] = fields
    if (state === undefined || parent === undefined) continue
    shown.set(pid, { parent: Number(parent), startedAt: fields[19]!, isRunning: state !== 'Z' && state !== 'X' })
  }
  return shown
}

function commandOf(pid: number): string {
  return textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
