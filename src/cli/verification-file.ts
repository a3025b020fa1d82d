/**
 * What `verify` found, as a file for the textfile collector of Prometheus' node_exporter. Prometheus then knows when the books were last
 * verified, which no exit code of a timer tells: a timer that has stopped running reports nothing.
 */
import { accessSync, constants, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Gauge, Registry } from '@prometheus-io/client'

export interface Verification {
  /** The store's URL, without its password. */
  readonly store: string
  /** Whether each law holds, by the id of its check. */
  readonly checks: readonly { readonly id: string; readonly ok: boolean }[]
  readonly endedAtMs: number
  readonly durationMs: number
}

/** The file cannot be written. */
export class VerificationFileError extends Error {
  override readonly name = 'VerificationFileError'
}

/** Called before the books are read, which may take hours. @throws VerificationFileError */
export function requireVerificationFolder(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new VerificationFileError(`No file can be made in ${dirname(file)}: ${(error as Error).message}.`)
  }
}

/** Replaces the file as a whole, so that no reader finds a part of it. @throws VerificationFileError */
export async function writeVerification(file: string, found: Verification): Promise<void> {
  const part = `${file}.${process.pid}.part`
  try {
    // Nothing in it is secret, and node_exporter runs as another user.
    writeFileSync(part, await textOf(found), { mode: 0o644 })
    renameSync(part, file)
  } catch (error) {
    rmSync(part, { force: true })
    throw new VerificationFileError(`${file} could not be written: ${(error as Error).message}.`)
  }
}

async function textOf({ store, checks, endedAtMs, durationMs }: Verification): Promise<string> {
  const registers = [new Registry()]
  const ofStore = { registers, labelNames: ['store'] as const }
  new Gauge({ ...ofStore, name: 'holdfast_verify_ok', help: '1 if every law held when the books were verified.' }).set(
    { store },
    Number(checks.every(({ ok }) => ok)),
  )
  const broken = new Gauge({
    registers,
    labelNames: ['store', 'check'] as const,
    name: 'holdfast_verify_broken',
    help: '1 for a check of docs/INVARIANTS.md that failed, 0 for one that passed.',
  })
  for (const { id, ok } of checks) broken.set({ store, check: id }, Number(!ok))
  new Gauge({
    ...ofStore,
    name: 'holdfast_verify_end_timestamp_seconds',
    help: 'When the last verification ended, in seconds since 1970.',
  }).set({ store }, endedAtMs / 1_000)
  new Gauge({ ...ofStore, name: 'holdfast_verify_duration_seconds', help: 'How long it took.' }).set(
    { store },
    durationMs / 1_000,
  )
  return await registers[0]!.metrics()
}
