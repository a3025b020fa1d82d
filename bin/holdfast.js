#!/usr/bin/env node
// On an older Node the program dies at its first import, before it could say why: so nothing is imported until the version
// is known to be new enough.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > 24 || (major === 24 && minor >= 15)) {
  await import('../dist/cli/main.js')
} else {
  process.stderr.write(`holdfast needs Node.js 24.15 or newer; this is ${process.versions.node}.\n`)
  process.exitCode = 1
}
