/**
 * The examination of the service's own database, by a process of its own. On SQLite it answers on the calling thread and opens the file by
 * other means than the store, and a process that closes a file gives up all of its locks on it.
 */
import { spawn } from 'node:child_process'
import type { Examine } from '../http/checks.ts'
import type { ExaminationWire } from '../api/examination.ts'
import { EXIT } from './exit-codes.ts'

/** More than all findings of a large cluster. */
const OUTPUT_BYTES_MAX = 8 * 1_048_576
const ANSWERED: ReadonlySet<number | null> = new Set([EXIT.ok, EXIT.refused, EXIT.broken])

/** @returns null for a ledger in memory, which no other process can see */
export function examinerOf(store: string): Examine | null {
  if (store === 'memory:') return null
  return async (signal) => {
    const { exitCode, stdout } = await runDoctor(store, signal)
    if (!ANSWERED.has(exitCode)) throw new Error(`doctor ended with the exit code ${String(exitCode)}.`)
    return (JSON.parse(stdout) as ExaminationWire).findings
  }
}

/** The store URL can have a password, so it is no argument. */
function runDoctor(
  store: string,
  signal: AbortSignal,
): Promise<{ readonly exitCode: number | null; readonly stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, 'doctor', '--json'], {
      env: { ...process.env, HOLDFAST_STORE: store },
      stdio: ['ignore', 'pipe', 'ignore'],
      signal,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      stdout += part
      if (stdout.length > OUTPUT_BYTES_MAX) child.kill('SIGKILL')
    })
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, stdout }))
  })
}
