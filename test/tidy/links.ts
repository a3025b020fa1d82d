/** Every link to a path in the repository has a target. */
import { anchorsOf, linksOf, type Link } from './prose.ts'
import type { Source, Violation } from './source.ts'

/** `exists` is called with paths of files and folders from the root. */
export function linkViolations(documents: readonly Source[], exists: (path: string) => boolean): readonly Violation[] {
  const byPath = new Map(documents.map((document) => [document.path, document]))
  return documents.flatMap((document) =>
    linksOf(document)
      .filter((link) => !leadsSomewhere(link, document))
      .map(({ written, line }) => `${document.path}:${line}: ${written} leads nowhere`),
  )

  function leadsSomewhere({ path, anchor }: Link, document: Source): boolean {
    if (path !== null && !exists(path)) return false
    if (anchor === null) return true
    const target = path === null ? document : byPath.get(path)
    // Anchors into source files, such as line numbers, are not checked.
    return target === undefined || anchorsOf(target).has(anchor)
  }
}
