/** `npm run ops:demo`: it shows what it says, and leaves nothing behind. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { startChild } from '../../harness/children.ts'
import { mysqlServers } from '../../harness/mysql-servers.ts'
import { prometheusUnderTest } from '../../harness/prometheus.ts'

const DEMO = resolve(import.meta.dirname, '../../tools/ops-demo.ts')
const WAIT_MS_MAX = 120_000

describe('the demo', { skip: prometheusUnderTest() }, () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-demo-'))
  })
  after(() => rm(folder, { recursive: true }))

  test('has a service under load, a Prometheus that sees it, and ends with Ctrl-C without a trace', async () => {
    const env = { ...process.env, TMPDIR: folder }
    const child = startChild(process.execPath, [DEMO], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part: string) => (output += part))
    const closed = once(child, 'close')
    try {
      await until(
        () => Promise.resolve(output.includes('Ctrl-C ends it') || child.exitCode !== null),
        () => output,
      )
      const alerts = /^alerts +(\S+)\/alerts$/m.exec(output)?.[1] ?? assert.fail(output)
      const query = 'sum(holdfast_commands_total{outcome="applied",kind="settle"}) > 10'
      const url = `${alerts}/api/v1/query?query=${encodeURIComponent(query)}`
      await until(
        async () => (await (await fetch(url)).text()).includes('"value"'),
        () => output,
      )
    } finally {
      child.kill('SIGINT')
    }
    assert.deepEqual(await closed, [0, null], output)
    assert.match(output, /\nStopping\.\n$/)
    assert.deepEqual(await readdir(folder), [])
  })
})

for (const { name, url, reason } of mysqlServers()) {
  test(`Enter in the demo provokes a deadlock on ${name}, and shows it`, { skip: url === null && reason }, async () => {
    const child = startChild(process.execPath, [DEMO, '--store', url!], { stdio: ['pipe', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part: string) => (output += part))
    const closed = once(child, 'close')
    const says = (text: RegExp): Promise<void> =>
      until(
        () => Promise.resolve(text.test(output) || child.exitCode !== null),
        () => output,
      )
    try {
      await says(/Enter provokes a deadlock/)
      child.stdin.write('\n')
      await says(/The transfer was applied, after [1-9]\d* deadlocks? that no caller saw[^]*says:\n {2}\S.*\n/)
    } finally {
      child.kill('SIGINT')
    }
    assert.deepEqual(await closed, [0, null], output)
    assert.match(output, /The transfer was applied/)
  })
}

async function until(isDone: () => Promise<boolean>, why: () => string): Promise<void> {
  const endsAt = performance.now() + WAIT_MS_MAX
  while (!(await isDone())) {
    if (performance.now() > endsAt) assert.fail(why())
    await sleep(100)
  }
}
