/** Committed files work on every machine: they contain no absolute path of one, and no address of a package registry. */
import type { Source, Violation } from './source.ts'

// Written so that this file does not match.
const MACHINE_PATH = /(?<![\w.~-])\/(?:home|root|Users|work|mnt)\/[\w.-]+|\b[A-Z]:\\\w+/
const REGISTRY = /https?:\/\/[\w.-]*(?:registry|npmjs|npmmirror|artifactory|verdaccio|nexus|codeload)[\w.-]*/i
/** npm writes the package's URL into the lock file unless `omit-lockfile-registry-resolved` is set. */
const RESOLVED = /"resolved": "(?:https?|git)[^"]*"/

export function portabilityViolations(sources: readonly Source[]): readonly Violation[] {
  return sources.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const found = [MACHINE_PATH, RESOLVED, REGISTRY].map((pattern) => pattern.exec(line)?.[0])
      const first = found.find((part) => part !== undefined)
      return first === undefined ? [] : [`${path}:${index + 1}: ${first}`]
    }),
  )
}
