/**
 * The product with one bug: modules of src/ are loaded a second time, with a part of their text replaced while they are read. No file is
 * written, and the patched modules are reachable only through this file.
 *
 * A module whose URL ends with `?bug=NAME` is loaded with that bug, and so are all of its imports. With `node --import` of this file and
 * HOLDFAST_TEST_BUG=NAME this holds for every module of the process.
 */
import { registerHooks } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { DeliberateBug, Replacement } from './deliberate-bug.ts'
import { DELIBERATE_BUGS } from './deliberate-bugs.ts'

const ROOT = dirname(dirname(import.meta.dirname))
const MARK = /\?bug=([a-z0-9-]+)$/

let isInstalled = false

/** Loads a module of test/simulation that uses the product with this bug. */
export async function importWithBug<Module>(bug: DeliberateBug, file: string): Promise<Module> {
  install()
  const url = pathToFileURL(join(import.meta.dirname, file)).href
  return (await import(`${url}?bug=${bug.name}`)) as Module
}

/** @throws Error unless the text to replace occurs exactly once */
export function replaceIn(source: string, { path, find, put }: Replacement): string {
  const count = source.split(find).length - 1
  if (count !== 1) throw new Error(`${path} has ${count} places in place of one that read: ${find}`)
  return source.replace(find, () => put)
}

function install(always = ''): void {
  if (isInstalled) return
  isInstalled = true
  registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context)
      const mark = MARK.exec(context.parentURL ?? '')?.[0] ?? always
      return mark !== '' && isOwn(resolved.url)
        ? { ...resolved, url: `${resolved.url.replace(MARK, '')}${mark}` }
        : resolved
    },
    load: (url, context, next) => {
      const loaded = next(url, context)
      const bug = DELIBERATE_BUGS.find(({ name }) => name === MARK.exec(url)?.[1])
      if (bug === undefined) return loaded
      const path = pathOf(url)
      const replacements = bug.replacements.filter((replacement) => replacement.path === path)
      if (replacements.length === 0) return loaded
      const source = Buffer.from(loaded.source as Uint8Array).toString('utf8')
      return { ...loaded, source: replacements.reduce(replaceIn, source) }
    },
  })
}

function isOwn(url: string): boolean {
  return url.startsWith('file:') && /^(?:src|test)\//.test(pathOf(url))
}

/** The path relative to the repository's root, with `/`. */
function pathOf(url: string): string {
  return relative(ROOT, fileURLToPath(url.replace(MARK, ''))).replaceAll(sep, '/')
}

const named = process.env['HOLDFAST_TEST_BUG']
if (named !== undefined) {
  if (!DELIBERATE_BUGS.some(({ name }) => name === named)) throw new Error(`There is no deliberate bug "${named}".`)
  install(`?bug=${named}`)
}
