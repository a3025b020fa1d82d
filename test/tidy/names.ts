/** A file is named by the one noun that it contains. */
import { posix } from 'node:path'
import type { Source, Violation } from './source.ts'

/** Names without meaning, alone or as a part. */
const VAGUE = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'manager', 'misc'])
/** Names without meaning when they stand alone. */
const VAGUE_ALONE = new Set(['types', 'lib', 'shared', 'base'])

const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.(ts|tsx|js|mjs)$/
const BARRELS = ['src/index.ts', 'src/ai/index.ts', 'src/client/index.ts']

export function nameViolations(sources: readonly Pick<Source, 'path'>[]): readonly Violation[] {
  return sources.flatMap(({ path }) => {
    const file = posix.basename(path)
    const names = [...posix.dirname(path).split('/'), file.replace(/\..*$/, '')]
    if (!KEBAB_CASE.test(file)) return [`${path}: not in kebab-case`]
    if (names.some(isVague)) return [`${path}: the name has no meaning; name its content`]
    if (file.startsWith('index.') && !BARRELS.includes(path)) return [`${path}: only the package's entries are barrels`]
    return []
  })
}

function isVague(name: string): boolean {
  return VAGUE_ALONE.has(name) || name.split('-').some((part) => VAGUE.has(part))
}
