/**
 * The files with which threads start. A bundle has them only if they were bundled too, beside it and under the same names
 * (docs/guides/sqlite.md says how); without them everything runs on the calling thread.
 */
import { existsSync } from 'node:fs'

export type ThreadName = 'reading-thread' | 'writing-thread' | 'log-keeper'

/** Null if there is no such file. */
export function threadFile(name: ThreadName): URL | null {
  // A bundle of CommonJS modules has no URL of its own.
  const here = import.meta.url as string | undefined
  if (here === undefined) return null
  const file = new URL(`./${name}-entry${here.endsWith('.ts') ? '.ts' : '.js'}`, here)
  return existsSync(file) ? file : null
}

/** The warning of a storage whose threads have no files. */
export function threadsWarning(): string | null {
  if (threadFile('reading-thread') !== null && threadFile('writing-thread') !== null) return null
  return (
    'The files of the threads are not beside the bundle, so reads and large commits run on the calling thread, which does nothing else ' +
    'meanwhile. Bundle them too, or leave holdfast out of the bundle: see "In a bundle" in docs/guides/sqlite.md.'
  )
}
