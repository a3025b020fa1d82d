/** No file imports itself, directly or over other files. Type imports count too. */
import { importedPath, importsOf, type Source, type Violation } from './source.ts'

export function cycleViolations(sources: readonly Source[]): readonly Violation[] {
  const targets = new Map(sources.map((source) => [source.path, targetsOf(source)]))
  const finished = new Set<string>()
  const violations: Violation[] = []

  const follow = (path: string, way: readonly string[]): void => {
    const seenAt = way.indexOf(path)
    if (seenAt !== -1) violations.push([...way.slice(seenAt), path].join(' → '))
    if (seenAt !== -1 || finished.has(path)) return
    for (const target of targets.get(path) ?? []) follow(target, [...way, path])
    finished.add(path)
  }
  for (const path of targets.keys()) follow(path, [])
  return violations
}

function targetsOf(source: Source): readonly string[] {
  return importsOf(source)
    .map(({ specifier }) => importedPath(source, specifier))
    .filter((path) => path !== null)
}
