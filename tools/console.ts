/**
 * Builds the console (console/) into console/dist, from where the service answers it: `node tools/console.ts`. With `--if-needed` only if
 * it is not there or older than its sources, and not where its tools are not installed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const root = resolve(import.meta.dirname, '..')
const folder = resolve(root, 'console')
const built = resolve(folder, 'dist')
const page = resolve(built, 'index.html')
const programs = resolve(root, 'node_modules/.bin')

/** What the console is built from, besides the texts of the project that it imports. */
const SOURCES = ['console/*.{html,json,ts}', 'console/src/**/*', 'src/{access,api,domain}/**/*.ts', 'package-lock.json']

/**
 * Builds into a folder of its own, which then takes the place of the one before: a service that starts meanwhile, or another build, finds
 * all files of one build.
 *
 * @throws Error if it cannot be built
 */
export function buildConsole(): void {
  const path = [programs, process.env['PATH']].join(delimiter)
  const made = resolve(folder, `dist-${process.pid}`)
  const { status } = spawnSync(resolve(programs, 'vite'), ['build', '--logLevel', 'warn', '--outDir', made], {
    cwd: folder,
    stdio: 'inherit',
    // Vite begins with `#!/usr/bin/env node`, which must be the repository's.
    env: { ...process.env, PATH: path },
  })
  if (status !== 0) {
    rmSync(made, { recursive: true, force: true })
    throw new Error('The console was not built.')
  }
  for (const file of globSync('console/*.{js,css}', { cwd: made })) compress(resolve(made, file))
  const old = resolve(folder, `dist-${process.pid}-old`)
  if (existsSync(built)) renameSync(built, old)
  renameSync(made, built)
  rmSync(old, { recursive: true, force: true })
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
