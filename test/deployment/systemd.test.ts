/** ops/systemd, as systemd itself reads it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { runChild } from '../../harness/children.ts'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { durationMs, SHUTDOWN_MS, textOf } from './ops-files.ts'

const UNIT = textOf('ops/systemd/holdfast.service')
const WITHOUT_SYSTEMD =
  spawnSync('systemd-analyze', ['--version']).status === 0 ? false : 'systemd-analyze is not installed'

/** Tenths. 0 is a service that can do nothing, 100 one that can do everything; 50 is "medium". */
const EXPOSURE_MAX = 20

const folder = mkdtempSync(join(tmpdir(), 'holdfast-unit-'))
after(() => rmSync(folder, { recursive: true }))

/** The unit as a file, with this Node, because the machine may have none. */
function unitFile(name: string, unit: string): string {
  const path = join(folder, name)
  writeFileSync(path, unit.replace('/usr/bin/node', process.execPath))
  return path
}

function valuesOf(name: string): readonly string[] {
  return [...UNIT.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value!)
}

test('the unit gives the service time to stop, and does not restart it with wrong settings', () => {
  assert.ok(durationMs(valuesOf('TimeoutStopSec')[0]!) > SHUTDOWN_MS)
  assert.deepEqual(valuesOf('RestartPreventExitStatus'), [String(EXIT.usage)])
})

test('the store URL comes from the credential, and is no part of the unit', () => {
  const [credential] = valuesOf('LoadCredential')
  assert.ok(valuesOf('Environment').includes(`HOLDFAST_STORE_FILE=%d/${credential!.split(':', 1)[0]}`))
  assert.doesNotMatch(UNIT, /(?:mysql|mariadb|postgres):\/\//)
})

test('machine code of V8 may run', () => {
  assert.deepEqual(valuesOf('MemoryDenyWriteExecute'), ['no'])
})

describe('systemd', { skip: WITHOUT_SYSTEMD }, () => {
  test('accepts every line of the unit', async () => {
    const { exitCode, stdout, stderr } = await runChild('systemd-analyze', [
      'verify',
      unitFile('holdfast.service', UNIT),
    ])
    assert.deepEqual([exitCode, stdout, stderr], [0, '', ''])
    const wrong = unitFile('wrong.service', UNIT.replace('ProtectClock=yes', 'ProtectClocks=yes'))
    assert.match((await runChild('systemd-analyze', ['verify', wrong])).stderr, /ProtectClocks/)
  })

  test('finds the service little exposed', async () => {
    const exposure = (path: string) =>
      runChild('systemd-analyze', ['security', '--offline=true', `--threshold=${EXPOSURE_MAX}`, '--no-pager', path])
    const { exitCode, stdout } = await exposure(unitFile('holdfast.service', UNIT))
    assert.equal(exitCode, 0, stdout)
    const open = UNIT.replaceAll(/^(?:Protect|Private|Restrict|SystemCall).*$/gm, '')
    assert.notEqual((await exposure(unitFile('open.service', open))).exitCode, 0)
  })
})
