/** Compiles src/ to dist/ for publishing, and copies the SQL that the stores read at run time: their migrations. */
import { spawnSync } from 'node:child_process'
import { cpSync, globSync, rmSync } from 'node:fs'
import { relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const source = resolve(root, 'src')
const target = resolve(root, 'dist')

rmSync(target, { recursive: true, force: true })
const compiler = resolve(root, 'node_modules/.bin/tsc')
const { status } = spawnSync(compiler, ['--project', resolve(root, 'tsconfig.build.json')], { stdio: 'inherit' })
if (status !== 0) {
  // What the compiler wrote in spite of its errors must not be published.
  rmSync(target, { recursive: true, force: true })
  process.exit(1)
}
for (const file of globSync(`${source}/**/migrations/*.sql`)) cpSync(file, resolve(target, relative(source, file)))
