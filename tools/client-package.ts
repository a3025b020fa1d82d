/**
 * Fills packages/client for publishing, as `npm pack` does: the compiled client and what it imports, with the sources that its maps name.
 * The folders are those of the main package, so the files are the same.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { spawnSync } from 'node:child_process'

const root = resolve(import.meta.dirname, '..')
const target = resolve(root, 'packages/client')

const { status } = spawnSync(process.execPath, [resolve(root, 'tools/build.ts')], { stdio: 'inherit' })
if (status !== 0) process.exit(1)
for (const folder of ['dist', 'src']) rmSync(resolve(target, folder), { recursive: true, force: true })
for (const file of importedBy(['dist/client/index.js', 'dist/client/index.d.ts'])) {
  copy(file)
  copy(`${file}.map`)
  copy(file.replace(/^dist/, 'src').replace(/(?:\.d\.ts|\.js)$/, '.ts'))
}
copyFileSync(resolve(root, 'LICENSE'), resolve(target, 'LICENSE'))

/** The files, and all that they import, directly or not. Every import must be of a file. */
function importedBy(entries: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const open = [...entries]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    for (const specifier of specifiersIn(readFileSync(resolve(root, file), 'utf8'))) {
      if (!specifier.startsWith('.'))
        throw new Error(`${file} imports ${specifier}, and the client has no dependencies.`)
      open.push(fileOf(file, specifier))
    }
  }
  return seen
}

/** Declarations name the compiled file, or its source. */
function fileOf(from: string, specifier: string): string {
  const named = relative(root, resolve(root, dirname(from), specifier))
  return from.endsWith('.d.ts') ? named.replace(/(?:\.ts|\.js)$/, '.d.ts') : named
}

function specifiersIn(text: string): readonly string[] {
  return [...text.matchAll(/(?:\bfrom |\bimport |\bimport\()['"]([\w@./:-]+)['"]/g)].map(([, specifier]) => specifier!)
}

function copy(file: string): void {
  const from = resolve(root, file)
  if (!existsSync(from)) return
  mkdirSync(dirname(resolve(target, file)), { recursive: true })
  copyFileSync(from, resolve(target, file))
}
