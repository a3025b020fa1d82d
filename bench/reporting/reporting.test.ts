import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtempDisposable, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { strategiesThatPlay } from '../strategies/catalogue.ts'
import { SCENARIOS } from '../scenarios/catalogue.ts'
import { CHAPTER_IDS, chapterOf } from './chapters.ts'
import { chartsOf } from './charts.ts'
import { EXAMPLE_EXPERIMENTS, exampleReport } from './example-report.ts'
import { pageOf } from './page.ts'
import { MARKS, withFigures } from './readme-figures.ts'
import { readReport, reportText } from './report.ts'
import { seedsMeasured, WRITE_UPS } from './seeds-measured.ts'

const MAIN = join(import.meta.dirname, 'main.ts')
const DOCUMENTS = join(import.meta.dirname, 'documents.ts')
const OWN_REPORT = resolve(import.meta.dirname, '../report/results.json')

function run(file: string, ...words: readonly string[]) {
  const environment = { ...process.env, HOLDFAST_TEST_STORES: '' }
  return spawnSync(process.execPath, [file, ...words], { encoding: 'utf8', env: environment })
}

const LIFE = [
  { strategy: 'update-first', commandsPerSecond: 2_000, p99Ms: 63 },
  { strategy: 'raw', commandsPerSecond: 70_000, p99Ms: 4 },
  { strategy: 'limit', commandsPerSecond: 90_000, p99Ms: 3 },
  { strategy: 'holdfast', commandsPerSecond: 56_000, p99Ms: 5, ratioToUpdateFirst: 28, ratioToRaw: 0.8 },
] as const

test('every chapter asks its strategies for what they know', () => {
  for (const id of CHAPTER_IDS) {
    const { scenario, strategies } = chapterOf(id)
    const known = strategiesThatPlay(SCENARIOS[scenario].commands)
    assert.deepEqual(
      strategies.filter((name) => !known.includes(name)),
      [],
      id,
    )
  }
})

test('every claim looks at something that a chapter runs', () => {
  const asked: string[] = []
  for (const { claims } of WRITE_UPS) {
    for (const { lines, holds } of claims) {
      const find = (chapter: (typeof CHAPTER_IDS)[number], strategy: string): null => {
        asked.push(`${chapter} ${strategy}`)
        return null
      }
      for (const { value } of lines) assert.equal(value(find), null)
      assert.equal(holds?.(find) ?? null, null)
    }
  }
  const run = CHAPTER_IDS.flatMap((id) => chapterOf(id).strategies.map((strategy) => `${id} ${strategy}`))
  assert.ok(asked.length > 50)
  assert.deepEqual(
    asked.filter((one) => !run.includes(one)),
    [],
  )
})

test('whether a claim holds is read off the figures of both InnoDB servers', () => {
  const freezes = (gain: number) => [
    { strategy: 'insert-first', commandsPerSecond: 1_000 } as const,
    { strategy: 'update-first', commandsPerSecond: 1_000 * gain } as const,
  ]
  const verdict = (text: string): string => /500 requests a second\n.*?\n\*\*(.*?)\*\*/s.exec(text)![1]!
  assert.equal(
    verdict(seedsMeasured(exampleReport({ 'freeze-100': freezes(1.1) }), EXAMPLE_EXPERIMENTS)),
    'It does not hold.',
  )
  assert.equal(verdict(seedsMeasured(exampleReport({ 'freeze-100': freezes(11) }), EXAMPLE_EXPERIMENTS)), 'It holds.')
  const mixed = exampleReport(
    { 'freeze-100': freezes(1.1) },
    { mysql: { 'update-first': { commandsPerSecond: 11_000 } } },
  )
  assert.equal(verdict(seedsMeasured(mixed, EXAMPLE_EXPERIMENTS)), 'It holds on MySQL, not on MariaDB.')
  assert.match(
    seedsMeasured(mixed, EXAMPLE_EXPERIMENTS),
    /\| update-first : insert-first \| 1\.1 × \| 1\.1 × \| 11 × \| 1\.1 × \|/,
  )
  assert.equal(verdict(seedsMeasured(exampleReport({ 'life-100': LIFE }), EXAMPLE_EXPERIMENTS)), 'Not run on InnoDB.')
})

test('the experiments stand beside the claims, with verdicts from their figures', () => {
  const text = seedsMeasured(exampleReport({ 'life-1': LIFE }), EXAMPLE_EXPERIMENTS)
  assert.match(text, /\| 10 \| 0\.2 \| 2 % \| 0\.2 \| fires \| silent \|\n\n\*\*It does not hold\.\*\*/)
  assert.match(
    text,
    /MariaDB 9\.7:\n\n.*\n.*\n\| no \| 9,000 \| PRIMARY \| {2}\|\n\| yes \| 7,000 \| PRIMARY \| 64 KB \|/,
  )
  assert.match(text, /\*\*It holds on MySQL, not on MariaDB\.\*\*/)
  assert.match(text, /\| update-first \| 1 s \| yes \| 400 of 500 \| 900 of 1,500 \| 25\.0 % \| 11\.0 s \| 21\.0 s \|/)
})

test('the README’s figures stand between the marks, and nothing else changes', () => {
  const report = exampleReport({ 'life-1': LIFE, 'life-100': LIFE, 'life-1000': LIFE })
  const document = withFigures(`before\n${MARKS.begin}\nold\n${MARKS.end}\nafter\n`, report)
  assert.match(document, /^before\n<!-- measured: npm/)
  assert.match(document, /until here -->\nafter\n$/)
  assert.doesNotMatch(document, /\nold\n/)
  assert.match(
    document,
    /\| {2}\| 100 in flight \| 2,000, 63\.0 ms \| 70,000, 4\.00 ms \| 90,000, 3\.00 ms \| 56,000, 5\.00 ms \| 28 \| 0\.80 \| 0\.62 \|/,
  )
  assert.equal(withFigures(document, report), document)
  assert.throws(() => withFigures('no place', report), /README\.md has no place for the figures/)
})

test('the charts that have something to show are drawn, each with its strategies and stores', async () => {
  const charts = await chartsOf(exampleReport({ 'life-1': LIFE, 'life-100': LIFE, soak: [LIFE[3]] }))
  assert.deepEqual(
    charts.map(({ name }) => name),
    ['throughput', 'in-flight', 'memory'],
  )
  const { svg } = charts[0]!
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
  for (const text of ['update-first', 'raw', 'holdfast', 'SQLite', 'PostgreSQL', '56,000/s, p99 5.00 ms']) {
    assert.ok(svg.includes(`>${text}<`), text)
  }
})

test('the page needs nothing but itself, and shows every chapter that was run', async () => {
  const report = exampleReport({
    'life-100': LIFE,
    transfer: [{ strategy: 'transfer-sorted', errors: { deadlock: 3 } }],
  })
  const page = pageOf(report, await chartsOf(report))
  assert.doesNotMatch(page, /<(?:script|link|img|iframe)\b/)
  assert.doesNotMatch(page, /url\(\s*['"]?http/)
  assert.equal(page.match(/<svg /g)?.length, 3)
  assert.match(page, /<h2>Life, one user, 100 in flight<\/h2>/)
  assert.match(page, /<h2>One to ten among fifty accounts, 50 in flight<\/h2>/)
  assert.match(page, /3 deadlock/)
  assert.doesNotMatch(page, /smoke run/)
  assert.match(pageOf({ ...report, quick: true }, []), /A smoke run: its figures are meaningless\./)
})

test('the curves of growth are on the page when they were measured', async () => {
  const report = exampleReport({ 'life-1': LIFE })
  const figure = {
    flavour: 'mysql',
    version: '9.7',
    strategy: 'holdfast',
    users: 1,
    inFlight: 1_000,
    ids: 'v4',
  } as const
  const speed = { steps: 3, commandsPerSecond: 50_000, p50Ms: 4, p99Ms: 9, bytesPerLife: 485, madeAt: report.madeAt }
  const reads = { statementMs: 1.5, openHoldsMs: 2.5, searchMs: 14, holdMs: 0.5 }
  const growth = [
    { ...figure, ...speed, loaded: 0, poolMb: 128, reads: null },
    { ...figure, ...speed, loaded: 10_000_000, poolMb: 128, reads },
    { ...figure, ...speed, strategy: 'update-first', loaded: 0, poolMb: 128, reads: null } as const,
  ]
  const charts = await chartsOf(report, growth)
  assert.ok(charts.some(({ name, svg }) => name === 'growth' && svg.includes('>UUIDv4, 128 MB<')))
  const page = pageOf(report, charts, { growth, fairness: [], coexist: [] })
  assert.match(page, /<td>10,000,000<\/td><td>50,000<\/td><td>4\.00<\/td><td>9\.00<\/td><td>485<\/td>/)
  assert.match(page, /<td>128<\/td><td>10,000,000<\/td><td>1\.50<\/td><td>2\.50<\/td><td>14\.0<\/td><td>0\.50<\/td>/)
  assert.doesNotMatch(pageOf(report, charts), /grows/)
})

test('fairness is on the page when it was measured, with what is kept and what is not', () => {
  const report = exampleReport({ 'life-1': LIFE })
  const row = {
    flavour: 'sqlite',
    version: '3.53',
    seconds: 10,
    rounds: 3,
    quiet: { count: 1_000, failures: {}, failedShare: 0, p50Ms: 2, p99Ms: 14, maxMs: 20 },
    noisy: { servedPerSecond: 0, refusedPerSecond: 0, failedPerSecond: 0 },
    health: { count: 100, failedCount: 0, longestMs: 30 },
    commitMs: 3,
    measuringLateMs: 1,
    findings: [],
    madeAt: report.madeAt,
  } as const
  const finding = { what: 'p99', found: '90 ms', bound: 'at most 44.0 ms', ok: false }
  const fairness = [
    { ...row, noise: 'kept', noisy: { ...row.noisy, servedPerSecond: 6_000 }, findings: [finding] } as const,
    { ...row, noise: 'none' } as const,
  ]
  const page = pageOf(report, [], { growth: [], fairness, coexist: [] })
  assert.match(
    page,
    /<th>none<\/th><td>kept<\/td><td>0\.0 %<\/td><td>2\.00<\/td>.*<td>kept<\/td><\/tr><tr><th>1,000 kept/,
  )
  assert.match(page, /<td>6,000<\/td><td>30\.0<\/td><td>p99: at most 44\.0 ms<\/td>/)
  assert.doesNotMatch(pageOf(report, []), /Quiet users beside/)
})

test('old code beside Holdfast is on the page when it was measured, with the cost of the bridge', () => {
  const report = exampleReport({ 'life-1': LIFE })
  const side = {
    roundsCommandsPerSecond: [],
    p50Ms: 1,
    p99Ms: 2,
    retriesPerCommand: 0.5,
    lockTimeouts: 0,
    deadlocks: 0,
  }
  const row = {
    flavour: 'mariadb',
    version: '10.11',
    users: 1,
    distribution: 'uniform',
    callers: 100,
    seconds: 2,
    rounds: 1,
    old: 'cas',
    share: 0,
    bridged: false,
    oldSide: { ...side, commandsPerSecond: 1_000, errors: { cas_exhausted: 7 } },
    holdfast: null,
    locks: { deadlocks: 3, lockTimeouts: null },
    consistent: true,
    findings: [],
    madeAt: report.madeAt,
  } as const
  const bridged = {
    ...row,
    bridged: true,
    oldSide: { ...row.oldSide, commandsPerSecond: 600 },
    consistent: false,
  } as const
  const page = pageOf(report, [], { growth: [], fairness: [], coexist: [row, bridged] })
  assert.match(
    page,
    /<th>cas<\/th><td>0 %<\/td><td>no<\/td><td>1,000<\/td><td>1\.00<\/td><td>2\.00<\/td><td>0\.50<\/td><td>7 cas_exhausted<\/td>/,
  )
  assert.match(page, /<td>3<\/td><td><\/td><td>0\.60<\/td><td>WRONG<\/td><\/tr>/)
  assert.doesNotMatch(pageOf(report, []), /on the same rows/)
})

test('a report is the same after it was written and read', () => {
  const report = exampleReport({ 'life-100': LIFE })
  assert.deepEqual(JSON.parse(reportText(report)), report)
})

test('one call runs the chapters and writes page, charts and JSON', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-report-'))
  const words = ['--quick', '--stores', 'sqlite', '--chapters', 'life-1', '--out', folder.path]
  const { status, stderr } = run(MAIN, ...words)
  assert.equal(status, 0, stderr)
  assert.deepEqual((await readdir(folder.path)).toSorted(), ['in-flight.svg', 'index.html', 'results.json'])
  const report = await readReport(join(folder.path, 'results.json'))
  const [section] = report.sections
  assert.deepEqual([section!.chapter, section!.results.length, section!.dropouts], ['life-1', 4, []])
  assert.ok(section!.results.every(({ consistent, commands }) => consistent && commands > 0))
  assert.equal(report.quick, true)

  const page = await readFile(join(folder.path, 'index.html'), 'utf8')
  assert.equal(run(MAIN, '--draw', '--out', folder.path).status, 0)
  assert.equal(await readFile(join(folder.path, 'index.html'), 'utf8'), page)
})

test('arguments that make no sense get one clear line', () => {
  const refused: Readonly<Record<string, RegExp>> = {
    '--stores oracle': /^error: No store oracle; available: sqlite/,
    '--chapters dreams': /^error: No chapter dreams; available: freeze-1, /,
    '--seconds none': /^error: --seconds must be a number above 0, at most 600\./,
    '--faster': /^error: Unknown option '--faster'/,
  }
  for (const [words, message] of Object.entries(refused)) {
    const { status, stderr, stdout } = run(MAIN, ...words.split(' '))
    assert.match(stderr, message)
    assert.equal(stderr.trim().split('\n').length, 1)
    assert.deepEqual([status, stdout], [2, ''])
  }
})

const withoutReport = !existsSync(OWN_REPORT) && 'there is no report in bench/report'

test('the documents are what the report says', { skip: withoutReport }, () => {
  const { status, stderr } = run(DOCUMENTS, '--check')
  assert.equal(stderr, '')
  assert.equal(status, 0)
})
