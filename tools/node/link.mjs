// npm 10 takes node_modules/.bin/node away together with the platforms' packages that do not fit this machine; npm 11 and
// 12 leave this nothing to do. It runs on whatever Node the machine has, so it is plain JavaScript. npm calls it as the
// root's `dependencies` script, the one that comes last, and the one that users of the library are never asked about.
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
