/** The files of the repository, as text and as syntax trees. */
import { globSync, readFileSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { parseSync, Visitor, type Comment, type EcmaScriptModule, type Program, type VisitorObject } from 'oxc-parser'

export interface Source {
  /** From the repository's root, with `/`. */
  readonly path: string
  readonly text: string
}

export interface Import {
  /** The specifier as written: `./queue.ts`, `node:fs`, `fastify`. */
  readonly specifier: string
  readonly line: number
}

/** Place and reason: `src/a.ts:12: …`. */
export type Violation = string

const ROOT = resolve(import.meta.dirname, '../..')

/** Generated, or not part of the repository. */
const LEFT_OUT = ['node_modules', '.git', 'dist', 'coverage', 'data']

/**
 * Every file that matches one of the patterns, sorted by path.
 *
 * @throws Error when no file matches: a rule without files would always hold
 */
export function readSources(...patterns: readonly string[]): readonly Source[] {
  const paths = globSync(patterns, { cwd: ROOT, exclude: (path) => LEFT_OUT.includes(posix.basename(path)) })
  if (paths.length === 0) throw new Error(`No file matches ${patterns.join(', ')}.`)
  return paths.toSorted().map((path) => ({ path, text: readFileSync(resolve(ROOT, path), 'utf8') }))
}

interface Syntax {
  readonly program: Program
  readonly comments: readonly Comment[]
  readonly module: EcmaScriptModule
}

const parsed = new WeakMap<Source, Syntax>()

function parse(source: Source): Syntax {
  const known = parsed.get(source)
  if (known !== undefined) return known
  const { program, comments, module, errors } = parseSync(source.path, source.text)
  if (errors.length > 0) throw new Error(`${source.path} does not parse: ${errors[0]!.message}`)
  const syntax = { program, comments, module }
  parsed.set(source, syntax)
  return syntax
}

export function visit(source: Source, visitor: VisitorObject): void {
  new Visitor(visitor).visit(parse(source).program)
}

export function commentsOf(source: Source): readonly { readonly text: string; readonly line: number }[] {
  return parse(source).comments.map(({ value, start }) => ({ text: value, line: lineAt(source, start) }))
}

/** Imports, re-exports and dynamic imports, of values and of types. */
export function importsOf(source: Source): readonly Import[] {
  const { staticImports, staticExports, dynamicImports } = parse(source).module
  const imports: Import[] = staticImports.map((found) => ({
    specifier: found.moduleRequest.value,
    line: lineAt(source, found.start),
  }))
  for (const { entries, start } of staticExports) {
    const specifier = entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest?.value
    if (specifier !== undefined) imports.push({ specifier, line: lineAt(source, start) })
  }
  for (const { moduleRequest, start } of dynamicImports) {
    const literal = /^['"`]([^$]*)['"`]$/.exec(source.text.slice(moduleRequest.start, moduleRequest.end))
    if (literal !== null) imports.push({ specifier: literal[1]!, line: lineAt(source, start) })
  }
  return imports
}

/** The path of a relative import; null for a package. */
export function importedPath(source: Source, specifier: string): string | null {
  return specifier.startsWith('.') ? posix.join(posix.dirname(source.path), specifier) : null
}

/** 1-based. */
export function lineAt({ text }: Source, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1
  return line
}

export function isTest({ path }: Source): boolean {
  return path.endsWith('.test.ts')
}
