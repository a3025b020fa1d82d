import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { openLedger } from '../ledger.ts'

/** Shows the version of another Node for the time of a test. */
function pretend(t: TestContext, version: string): void {
  const own = Object.getOwnPropertyDescriptor(process.versions, 'node')!
  Object.defineProperty(process.versions, 'node', { ...own, value: version, configurable: true })
  t.after(() => Object.defineProperty(process.versions, 'node', own))
}

for (const version of ['20.20.2', '22.99.0', '24.14.9']) {
  test(`every store names the Node that is needed to Node ${version}`, async (t) => {
    pretend(t, version)
    for (const url of ['memory:', 'sqlite:nothing.db', 'mysql://nowhere/x', 'postgres://nowhere/x']) {
      await assert.rejects(openLedger(url), {
        code: 'store_misconfigured',
        message: `Holdfast needs Node.js 24.15 or newer; this is ${version}. Only the client (holdfast/client) runs on older ones.`,
      })
    }
  })
}

test('a runtime without SQLite is told what it lacks', async (t) => {
  t.mock.method(process, 'getBuiltinModule', () => undefined)
  await assert.rejects(openLedger('sqlite:nothing.db'), {
    code: 'store_misconfigured',
    message: /needs node:sqlite.*24\.15/,
  })
})

test('the version that is needed is the one of the package', async () => {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  assert.match(manifest, /"node": ">=24\.15\.0"/)
})
