/**
 * Fails over real clusters under load, and writes the figures into docs/reliability.md: `npm run clusters -- …`
 *
 *   --only NAME   one of galera, group, patroni; prints the figures and leaves the document unchanged
 *   --rounds N    how often each is done, 1 by default
 *
 * Each cluster promotes by itself and is started on free ports: Galera (MariaDB), Group Replication (MySQL), Patroni with etcd (PostgreSQL). What is
 * not installed is said, and leaves the document unchanged. If a promise was broken, it exits 1.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { withTextBetween } from '../bench/reporting/marks.ts'
import type { Note } from '../harness/notes.ts'

type Failover = Extract<Note, { what: 'failover' }>

const DOCUMENT = 'docs/reliability.md'
const MARKS = {
  begin: '<!-- clusters: npm run clusters writes what follows -->',
  end: '<!-- clusters: until here -->',
}
const CLUSTERS = ['galera', 'group', 'patroni']
const ROUNDS_MAX = 100

const root = resolve(import.meta.dirname, '..')
const { values } = parseArgs({
  options: { only: { type: 'string' }, rounds: { type: 'string', default: '1' } },
})
try {
  await main(values.only, Number(values.rounds))
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
}

async function main(only: string | undefined, rounds: number): Promise<void> {
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS_MAX) {
    throw new RangeError(`--rounds must be a whole number from 1 to ${ROUNDS_MAX}.`)
  }
  const wanted = CLUSTERS.filter((name) => only === undefined || name === only)
  if (wanted.length === 0) throw new RangeError(`--only must be one of ${CLUSTERS.join(', ')}.`)
  const failovers: Failover[] = []
  for (let round = 0; round < rounds; round++) {
    for (const name of wanted) failovers.push(...(await failoversOf(name)))
  }
  const text = tableOf(failovers)
  if (only !== undefined) {
    process.stdout.write(`${text}\n`)
    return
  }
  const path = join(root, DOCUMENT)
  await writeFile(path, withTextBetween(await readFile(path, 'utf8'), MARKS, text, DOCUMENT))
}

/** @throws Error if a promise was broken, or the cluster is not installed */
async function failoversOf(name: string): Promise<readonly Failover[]> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-clusters-'))
  try {
    // Servers that run as another user have their folders and temporary files there, as in the system's own folder.
    await chmod(folder, 0o1777)
    const notes = join(folder, 'notes')
    const child = spawn(process.execPath, ['--test', `test/clusters/${name}-failovers.ts`], {
      cwd: root,
      env: {
        HOLDFAST_MYSQL_ROOT: join(tmpdir(), 'holdfast-mysql'),
        ...process.env,
        HOLDFAST_TEST_NOTES: notes,
        TMPDIR: folder,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const [exitCode] = (await once(child, 'close')) as [number | null]
    endServers(folder)
    if (exitCode !== 0) throw new Error(`A promise was broken on ${name}, or it could not be started.`)
    const found = (await readFile(notes, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
    const failovers = found.map((line) => JSON.parse(line) as Note).filter((note) => note.what === 'failover')
    if (failovers.length === 0)
      throw new Error(`The cluster ${name} is not installed; the lines above say what is missing.`)
    return failovers
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** A server that Patroni started is no child of the tests, and outlives them when they are killed. */
function endServers(folder: string): void {
  for (const file of globSync(`${folder}/*/*/data/postmaster.pid`)) {
    const pid = Number(readFileSync(file, 'utf8').split('\n', 1)[0])
    try {
      process.kill(pid, 'SIGQUIT')
    } catch {
      // It has ended.
    }
  }
}

function tableOf(failovers: readonly Failover[]): string {
  const groups = Map.groupBy(failovers, ({ cluster, kind }) => `${cluster} | ${kind}`)
  const rows = [...groups].map(([name, group]) => {
    const promotions = group.map(({ promotionMs }) => promotionMs)
    const gaps = group.map(({ gapMs }) => gapMs)
    const figures = [median(promotions), median(gaps), Math.max(...gaps)].map((ms) =>
      Math.round(ms).toLocaleString('en'),
    )
    return `| ${name} | ${group.length} | ${figures.join(' | ')} | 0 | 0 |`
  })
  const runs = new Map(failovers.map(({ cluster, acknowledged }) => [`${cluster} ${acknowledged}`, acknowledged]))
  const acknowledged = [...runs.values()].reduce((sum, count) => sum + count, 0).toLocaleString('en')
  const day = new Date().toISOString().slice(0, 10)
  return `
On ${day}, with two services and 40 callers, and ${acknowledged} acknowledged commands in all; times in ms.

| cluster | what happened | times | until a server took writes again, median | from then until all services acknowledged, median | maximum | acknowledged and lost | answered with \`commit_in_doubt\` |
|---|---|---:|---:|---:|---:|---:|---:|
${rows.join('\n')}
`
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right)
  return sorted[sorted.length >> 1]!
}
