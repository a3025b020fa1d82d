import assert from 'node:assert/strict'
import { test } from 'node:test'
import { installationUnderTest, type InstallationFound } from './server-installations.ts'

const missing = (): InstallationFound => ({ installation: null, reason: 'no such program' })

test('a server that is asked for and not installed is an error that says what is missing', () => {
  assert.throws(() => installationUnderTest('mysql', true, missing), /requests mysql.*no such program/)
})

test('a server that nobody asked for and that is not installed is left out, with the reason', () => {
  assert.deepEqual(installationUnderTest('mysql', null, missing), { installation: null, reason: 'no such program' })
})

test('a server that is left out is not looked for', () => {
  const { installation, reason } = installationUnderTest('mysql', false, () => assert.fail('it was looked for'))
  assert.equal(installation, null)
  assert.match(reason, /excludes mysql/)
})
