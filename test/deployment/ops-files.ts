/** The files under ops/, and what they may name. */
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CONFIG_VARIABLE, SETTINGS, type Setting } from '../../src/config.ts'

export const ROOT = resolve(import.meta.dirname, '../..')

export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

export const OPS_FILES: readonly string[] = globSync('ops/**/*.*', { cwd: ROOT, exclude: ['**/secrets/**'] })
  .concat('ops/docker/Dockerfile')
  .filter((path) => !path.endsWith('secrets'))

const TABLE: readonly Setting<unknown>[] = Object.values<Setting<unknown>>(SETTINGS)

export const KNOWN_VARIABLES: ReadonlySet<string> = new Set([
  CONFIG_VARIABLE,
  ...TABLE.flatMap(({ variable, isSecret }) => (isSecret === true ? [variable, `${variable}_FILE`] : [variable])),
])

export const KNOWN_FLAGS: ReadonlySet<string> = new Set([
  '--config',
  ...TABLE.map(({ flag }) => flag.split(' ', 1)[0]!),
])

/** Milliseconds between SIGTERM and the end of a process, unless a setting says otherwise. */
export const SHUTDOWN_MS = Number(SETTINGS.shutdownMs.fallback)
export const PORT = Number(SETTINGS.port.fallback)

/** `20s` and `500ms` in milliseconds. */
export function durationMs(text: string): number {
  const [, amount, unit] = /^(\d+)(ms|s)$/.exec(text) ?? []
  return Number(amount) * (unit === 's' ? 1_000 : 1)
}

interface Instruction {
  readonly name: string
  readonly rest: string
}

/** The instructions of a Dockerfile, without comments and continued lines. */
export function instructionsOf(dockerfile: string): readonly Instruction[] {
  const joined = dockerfile.replaceAll(/^#.*\n/gm, '').replaceAll('\\\n', ' ')
  return joined.split('\n').flatMap((line) => {
    const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? []
    return name === undefined || rest === undefined ? [] : [{ name, rest }]
  })
}
