/** The machine on which figures were measured, as far as it explains them. */
import { readFileSync } from 'node:fs'
import { arch, cpus, release, totalmem, type } from 'node:os'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGb: number
  readonly system: string
  readonly versions: Readonly<Record<string, string>>
}

const PACKAGES = ['mysql2', 'pg'] as const

export function thisMachine(): Machine {
  const all = cpus()
  return {
    processor: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${arch()}`,
    versions: {
      holdfast: versionIn('../../package.json'),
      node: process.versions.node,
      sqlite: process.versions.sqlite ?? '',
      ...Object.fromEntries(PACKAGES.map((name) => [name, versionIn(`../../node_modules/${name}/package.json`)])),
    },
  }
}

function versionIn(manifest: string): string {
  const text = readFileSync(new URL(manifest, import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
