/** Compiles src/ to dist/ for publishing, and builds the console. */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { buildConsole } from './console.ts'

const root = resolve(import.meta.dirname, '..')
const target = resolve(root, 'dist')

rmSync(target, { recursive: true, force: true })
const compiler = resolve(root, 'node_modules/.bin/tsc')
const { status } = spawnSync(compiler, ['--project', resolve(root, 'tsconfig.build.json')], { stdio: 'inherit' })
if (status !== 0) {
  // Output that was written despite compile errors must not be published.
  rmSync(target, { recursive: true, force: true })
  process.exit(1)
}
buildConsole()
