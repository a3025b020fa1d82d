// npm 10 removes node_modules/.bin/node together with the packages of other platforms; npm 11 and 12 do not, and this
// script then has no effect. It must run on the system's Node, so it is plain JavaScript. npm runs it as the root's
// `dependencies` script: the last one to run, and never run for users of the library.
import { existsSync, readFileSync, symlinkSync } from 'node:fs'

const root = new URL('../../', import.meta.url)
const read = (path) => JSON.parse(readFileSync(new URL(path, root), 'utf8'))
const link = new URL('node_modules/.bin/node', root)
const here = Object.keys(read('tools/node/package.json').optionalDependencies).find((name) =>
  existsSync(new URL(`node_modules/${name}/package.json`, root)),
)

if (here !== undefined && !existsSync(link)) {
  symlinkSync(`../${here}/${read(`node_modules/${here}/package.json`).bin.node}`, link)
}
