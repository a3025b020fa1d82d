/**
 * Where the log goes: stderr. A log that stalls must not stop the service, so nothing waits for it (law 8).
 *
 * What cannot be written is kept up to `bufferedBytesMax`. Beyond that, lines are dropped and counted until everything that was kept is
 * written; then one line says how many are missing at its place. This is the same for a reader that has stalled, a full disk, and a
 * reader that has gone: writing is tried again at bounded intervals, because a disk can be emptied and a named pipe can be read again.
 *
 * Files are written by ordinary writes. A write to a pipe, a socket or a terminal would wait for the reader, so these are written in
 * non-blocking mode. docs/adr/0017-the-log-does-not-wait.md says why pino's own destination is not enough.
 */
import { constants, openSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { pino, type Logger } from 'pino'

export interface LogLimits {
  /** UTF-8 bytes of the lines that are not written yet. */
  readonly bufferedBytesMax: number
  /** The pauses between attempts to write: the first one, and the longest one. In between they double. */
  readonly retryMsMin: number
  readonly retryMsMax: number
  /** The time that the process waits at its exit for the reader of what is not written yet. */
  readonly exitMsMax: number
}

export const LOG_LIMITS: LogLimits = {
  bufferedBytesMax: 1_048_576,
  retryMsMin: 1,
  retryMsMax: 100,
  exitMsMax: 1_000,
}

const STDERR = 2
/** POSIX: a write of so many bytes to a pipe is done whole or not at all (PIPE_BUF), so lines of several processes are not mixed. */
const WHOLE_BYTES_MAX = 4_096
const EXIT_POLL_MS = 5
const GAP = 'lines of the log are missing here, because they could not be written'

/** What became of an attempt to write everything: `stalled` when the reader does not take more for now. */
type Attempt = 'written' | 'stalled' | 'failed'

export interface OpenLog {
  readonly log: Logger
  readonly output: LogOutput
}

/** The log of the service. At the exit of the process, what is not written yet is written if that is possible within `exitMsMax`. */
export function openLog(level: string, limits: LogLimits = LOG_LIMITS): OpenLog {
  const output = new LogOutput(stderrWithoutWaiting(), (droppedCount) => gaps.warn({ droppedCount }, GAP), limits)
  // Of its own level: a gap is worth a line, whichever lines are missing.
  const gaps = pino({ level: 'warn' }, output)
  process.once('exit', () => output.finish())
  return { log: pino({ level }, output), output }
}

/** Writes lines; never throws and never waits, except in `finish`. */
export class LogOutput {
  readonly #fd: number
  readonly #onGap: (droppedCount: number) => void
  readonly #limits: LogLimits
  /** Lines that are not written yet, the oldest first. */
  #lines: Buffer[] = []
  /** The part of them that is being written, and has left `#lines`. */
  #chunk: Buffer | null = null
  #bufferedBytes = 0
  #droppedCount = 0
  /** Since the last line about a gap. */
  #gapCount = 0
  #retryMs: number
  #retry: NodeJS.Timeout | null = null
  /** `onGap` writes a line while others are being written, and `together` collects lines. */
  #isWriting = false

  /**
   * @param fd a file, or in non-blocking mode
   * @param onGap writes a line about the lines that were dropped; called when everything before them is written
   */
  constructor(fd: number, onGap: (droppedCount: number) => void, limits: LogLimits = LOG_LIMITS) {
    this.#fd = fd
    this.#onGap = onGap
    this.#limits = limits
    this.#retryMs = limits.retryMsMin
  }

  /** Lines that were dropped since the start. */
  get droppedCount(): number {
    return this.#droppedCount
  }

  /** UTF-8 bytes that are not written yet. */
  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /** @param line with its line feed */
  write(line: string): void {
    const bytes = Buffer.from(line)
    // While lines are missing, no line is kept: otherwise each one that found room would have a gap of its own before it.
    if (this.#gapCount > 0 || this.#bufferedBytes + bytes.length > this.#limits.bufferedBytesMax) {
      this.#droppedCount++
      this.#gapCount++
      if (this.#bufferedBytes === 0) this.#tellGap()
      return
    }
    this.#lines.push(bytes)
    this.#bufferedBytes += bytes.length
    if (this.#retry === null && !this.#isWriting) this.#writeAll()
  }

  /** The lines that `action` writes are written after it, as many at once as possible. */
  together(action: () => void): void {
    const wasWriting = this.#isWriting
    this.#isWriting = true
    try {
      action()
    } finally {
      this.#isWriting = wasWriting
    }
    if (!wasWriting && this.#retry === null) this.#writeAll()
  }

  /** Writes what is left, for at most `exitMsMax`. Only a slow reader is waited for. */
  finish(): void {
    const until = performance.now() + this.#limits.exitMsMax
    while (this.#tryAll() === 'stalled' && performance.now() < until) sleepSync(EXIT_POLL_MS)
  }

  #writeAll(): void {
    if (this.#tryAll() === 'written') {
      this.#retryMs = this.#limits.retryMsMin
      return
    }
    this.#retry = setTimeout(() => {
      this.#retry = null
      this.#writeAll()
    }, this.#retryMs).unref()
    this.#retryMs = Math.min(this.#retryMs * 2, this.#limits.retryMsMax)
  }

  #tryAll(): Attempt {
    this.#isWriting = true
    try {
      return this.#writeChunks()
    } finally {
      this.#isWriting = false
    }
  }

  #writeChunks(): Attempt {
    for (;;) {
      const chunk = (this.#chunk ??= this.#nextChunk())
      if (chunk === null) return 'written'
      let count: number
      try {
        count = writeSync(this.#fd, chunk)
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 'stalled' : 'failed'
      }
      if (count === 0) return 'stalled'
      this.#retryMs = this.#limits.retryMsMin
      this.#bufferedBytes -= count
      this.#chunk = count < chunk.length ? chunk.subarray(count) : null
      if (this.#bufferedBytes === 0) this.#tellGap()
    }
  }

  /** As many whole lines as one write may have, but at least one; null when there is none. */
  #nextChunk(): Buffer | null {
    let count = 0
    let bytes = 0
    for (const { length } of this.#lines) {
      if (count > 0 && bytes + length > WHOLE_BYTES_MAX) break
      count++
      bytes += length
    }
    if (count <= 1) return this.#lines.shift() ?? null
    return Buffer.concat(this.#lines.splice(0, count), bytes)
  }

  #tellGap(): void {
    if (this.#gapCount === 0) return
    const count = this.#gapCount
    this.#gapCount = 0
    this.#onGap(count)
  }
}

/**
 * A file descriptor of stderr that does not wait.
 *
 * Node's own stream sets the non-blocking mode of a pipe or a socket, and restores it at exit. The mode belongs to the open file
 * description, which other processes share; but Node makes this stream in nearly every program, this one included, so nothing changes for
 * them. For a terminal the stream sets the blocking mode, so that is opened once more.
 */
function stderrWithoutWaiting(): number {
  if (!isatty(STDERR)) {
    void process.stderr
    return STDERR
  }
  try {
    return openSync(`/proc/self/fd/${STDERR}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    // A system without /proc: a terminal that is stopped (Ctrl-S) stops the service there.
    return STDERR
  }
}

function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
