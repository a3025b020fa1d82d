/** Which top folders import from which others. The folders inside src/ have a table of their own, in layers.ts. */
import { importedPath, importsOf, isTest, type Source, type Violation } from './source.ts'

/** By top folder: the other folders that its files may import from. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  src: [],
  bin: ['src'],
  examples: ['src'],
  // Its own tool chain: it takes types and pure functions.
  console: ['src'],
  // It starts the service as a process, and imports no module of the product.
  harness: [],
  bench: ['src', 'harness'],
  tools: ['src', 'harness', 'bench'],
  test: ['src', 'harness'],
}

/** Additional folders for every `*.test.ts`. */
const FOR_TESTS = ['test', 'harness']

export function folderViolations(sources: readonly Source[]): readonly Violation[] {
  return sources.flatMap(violationsOf)
}

function violationsOf(source: Source): readonly Violation[] {
  const folder = source.path.split('/')[0]!
  const allowed = FOLDERS[folder]
  if (allowed === undefined) return [`${source.path}: "${folder}" is not in the table of folders`]
  const seen = new Set([folder, ...allowed, ...(isTest(source) ? FOR_TESTS : [])])
  return importsOf(source).flatMap(({ specifier, line }) => {
    const target = importedPath(source, specifier)?.split('/')[0]
    // Other paths lead to files in the root, such as package.json.
    if (target === undefined || !(target in FOLDERS) || seen.has(target)) return []
    return [`${source.path}:${line}: ${folder} must not import ${specifier}`]
  })
}
