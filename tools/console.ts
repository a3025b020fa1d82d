/**
 * Builds the console (console/) into console/dist, from where the service answers it: `node tools/console.ts`. With `--if-needed` only if
 * it is not there or older than its sources, and not where its tools are not installed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const root = resolve(import.meta.dirname, '..')
const folder = resolve(root, 'console')
const page = resolve(folder, 'dist/index.html')
const programs = resolve(root, 'node_modules/.bin')

/** What the console is built from, besides the texts of the project that it imports. */
const SOURCES = ['console/*.{html,json,ts}', 'console/src/**/*', 'src/{api,domain}/**/*.ts', 'package-lock.json']

/** @throws Error if it cannot be built */
export function buildConsole(): void {
  const path = [programs, process.env['PATH']].join(delimiter)
  const { status } = spawnSync(resolve(programs, 'vite'), ['build', '--logLevel', 'warn'], {
    cwd: folder,
    stdio: 'inherit',
    // Vite begins with `#!/usr/bin/env node`, which must be the repository's.
    env: { ...process.env, PATH: path },
  })
  if (status !== 0) throw new Error('The console was not built.')
  for (const file of globSync('console/*.{js,css}', { cwd: resolve(folder, 'dist') }))
    compress(resolve(folder, 'dist', file))
}

/** The service sends the files as they are, so they are compressed as well as possible, once. */
function compress(file: string): void {
  const content = readFileSync(file)
  writeFileSync(`${file}.gz`, gzipSync(content, { level: constants.Z_BEST_COMPRESSION }))
  writeFileSync(`${file}.br`, brotliCompressSync(content))
}

function isNeeded(): boolean {
  if (!existsSync(resolve(programs, 'vite'))) return false
  if (!existsSync(page)) return true
  const builtAt = statSync(page).mtimeMs
  return globSync(SOURCES, { cwd: root }).some((path) => statSync(resolve(root, path)).mtimeMs > builtAt)
}

if (import.meta.main && (!process.argv.includes('--if-needed') || isNeeded())) buildConsole()
