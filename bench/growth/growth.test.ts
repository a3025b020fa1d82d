import assert from 'node:assert/strict'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openScratchServer } from '../databases/scratch.ts'
import { strategiesThatPlay, STRATEGIES } from '../strategies/catalogue.ts'
import { figuresOf, readFigures, saveFigures, type Subject } from './figures.ts'
import { grow, type GrowthOptions, type GrowthReads, type GrowthStep } from './growth.ts'

const OPTIONS: Omit<GrowthOptions, 'signal'> = {
  loads: [0],
  steps: 2,
  extent: { lives: 25 },
  ids: ['v4'],
  poolsMb: [null],
  users: 3,
  inFlight: 10,
}
const LIVES_PER_STEP = STRATEGIES.holdfast.loading!.livesPerStep

for (const name of ['holdfast', 'update-first'] as const) {
  test(`${name} is measured in steps of equally many lives`, async () => {
    assert.ok(strategiesThatPlay('lives').includes(name))
    await using server = await openScratchServer('sqlite:')
    const steps: GrowthStep[] = []
    const { signal } = new AbortController()
    await grow(server, STRATEGIES[name], { ...OPTIONS, signal }, { onStep: (step) => steps.push(step) })
    assert.deepEqual(
      steps.map(({ lives }) => lives),
      [25, 50],
    )
    for (const { commandsPerSecond, p50Ms, p99Ms, bytes, lives, bytesPerLife } of steps) {
      assert.ok(commandsPerSecond > 0 && p50Ms > 0 && p99Ms >= p50Ms && bytes > 0)
      assert.equal(bytesPerLife, bytes / lives)
    }
  })

  test(`${name} is measured at each load, with each kind of id, and the lives of all are counted`, async () => {
    await using server = await openScratchServer('sqlite:')
    const loaded: number[] = []
    const steps: GrowthStep[] = []
    const reads: GrowthReads[] = []
    const { signal } = new AbortController()
    await grow(
      server,
      STRATEGIES[name],
      { ...OPTIONS, loads: [0, 1, 2 * LIVES_PER_STEP], steps: 1, ids: ['v7', 'v4'], users: 1, signal },
      {
        onLoaded: (lives) => loaded.push(lives),
        onStep: (step) => steps.push(step),
        onReads: (read) => reads.push(read),
      },
    )
    assert.deepEqual(loaded, [LIVES_PER_STEP, 2 * LIVES_PER_STEP])
    assert.deepEqual(
      steps.map((step) => [step.loaded, step.ids, step.lives]),
      [0, LIVES_PER_STEP, 2 * LIVES_PER_STEP].flatMap((load, index) => [
        [load, 'v7', load + 50 * index + 25],
        [load, 'v4', load + 50 * index + 50],
      ]),
    )
    assert.deepEqual(
      reads.map((read) => read.loaded),
      name === 'holdfast' ? [LIVES_PER_STEP, 2 * LIVES_PER_STEP] : [],
    )
    for (const { statementMs, openHoldsMs, holdMs } of reads)
      assert.ok(statementMs > 0 && openHoldsMs > 0 && holdMs > 0)
  })
}

test('a strategy whose tables cannot be filled says so before anything is made', async () => {
  await using server = await openScratchServer('sqlite:')
  const { signal } = new AbortController()
  const growth = grow(server, STRATEGIES.raw, { ...OPTIONS, loads: [1], signal }, { onStep: () => {} })
  await assert.rejects(growth, RangeError)
})

test('an interrupted run ends without another step', async () => {
  await using server = await openScratchServer('sqlite:')
  const interruption = new AbortController()
  const steps: GrowthStep[] = []
  const onStep = (step: GrowthStep): void => {
    steps.push(step)
    interruption.abort()
  }
  await grow(server, STRATEGIES.holdfast, { ...OPTIONS, steps: 10, signal: interruption.signal }, { onStep })
  assert.equal(steps.length, 1)
})

test('the median of the steps is kept, in place of an older one of the same measurement', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-growth-'))
  const file = join(folder.path, 'growth.json')
  const subject: Subject = { flavour: 'mysql', version: '9', strategy: 'holdfast', users: 1, inFlight: 10 }
  const step = (loaded: number, commandsPerSecond: number): GrowthStep => ({
    loaded,
    poolMb: 128,
    ids: 'v4',
    lives: loaded,
    commandsPerSecond,
    p50Ms: 1,
    p99Ms: 2,
    bytes: 3,
    bytesPerLife: 4,
  })
  const reads = { loaded: 7, poolMb: 128, statementMs: 1, openHoldsMs: 2, searchMs: 4, holdMs: 3 }
  await saveFigures(file, figuresOf(subject, [step(0, 5), step(7, 9), step(7, 1), step(7, 4)], [reads]))
  await saveFigures(file, figuresOf(subject, [step(0, 6)], []))
  await saveFigures(file, figuresOf({ ...subject, strategy: 'update-first' }, [step(0, 2)], []))
  assert.deepEqual(
    (await readFigures(file)).map((figure) => [figure.strategy, figure.loaded, figure.commandsPerSecond, figure.reads]),
    [
      ['holdfast', 0, 6, null],
      ['holdfast', 7, 4, { statementMs: 1, openHoldsMs: 2, searchMs: 4, holdMs: 3 }],
      ['update-first', 0, 2, null],
    ],
  )
})
