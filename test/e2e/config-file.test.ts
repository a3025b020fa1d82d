/** Settings from files, as the processes of an installation read them. */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-config-'))
after(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

test('a service takes its settings from a config file, and warns about a password that everybody may read', async () => {
  const config = file('open.env', 'HOLDFAST_LOG_REQUESTS=true\nHOLDFAST_STORE=mysql://u:secret@h/d\n', 0o644)
  await using service = await ServiceProcess.start('memory:', ['--config', config])
  await fetch(`${service.url}/v1/stats`)
  assert.equal(await service.stop(), 0)
  assert.match(service.log, /open\.env:2: HOLDFAST_STORE has a password/)
  assert.match(service.log, /"route":"\/v1\/stats","status":200/)
  assert.doesNotMatch(service.log, /secret/)
})

test('one config file serves every command that opens the database', async () => {
  const store = file('store-url', `sqlite:${join(folder, 'ledger.db')}\n`)
  const environment = { HOLDFAST_CONFIG: file('ledger.env', `HOLDFAST_STORE_FILE="${store}"\n`) }
  const config = ['--config', environment.HOLDFAST_CONFIG]
  const lines = [
    [['migrate'], environment],
    [['deposit', 'user:8', '500'], environment],
    [['account', 'user:8', ...config], {}],
    [['verify', ...config], {}],
    [['backup', join(folder, 'copy.db'), ...config], {}],
    [['erase', 'user:8', '--yes', ...config], {}],
  ] as const
  for (const [parameters, variables] of lines) {
    const { exitCode, stdout, stderr } = await runHoldfast(parameters, variables)
    assert.equal(exitCode, 0, `${parameters.join(' ')}: ${stderr}`)
    assert.doesNotMatch(stderr, /password/)
    if (parameters[0] === 'account') assert.match(stdout, /500/)
  }
})

test('a config file that cannot be right ends a command before it has an effect', async () => {
  const config = file('wrong.env', 'HOLDFAST_STORE=memory:\nHOLDFAST_PROT=1\n')
  for (const command of [['serve'], ['deposit', 'user:8', '500']]) {
    const { exitCode, stdout, stderr } = await runHoldfast([...command, '--config', config])
    assert.equal(exitCode, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /wrong\.env:2: no setting is called HOLDFAST_PROT/)
  }
})
