/** Every command of the program with valid, nearly valid and arbitrary arguments; and lists for reconcile. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import type { Command } from 'commander'
import fc from 'fast-check'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { openLedger } from '../../src/ledger.ts'
import { ListError } from '../../src/reconcile/list-error.ts'
import { readList, type ListShape } from '../../src/reconcile/list.ts'
import { readOrders, type OrderShape } from '../../src/reconcile/order-list.ts'
import { LINE_CHARACTERS_MAX } from '../../src/reconcile/ndjson.ts'
import { tell, tryInputs } from './budget.ts'
import { CommandLineRunner } from './command-line-runner.ts'
import { hostileTexts } from './hostile-values.ts'

let folder = ''
let store = ''
let runner: CommandLineRunner

function books(): unknown {
  using database = new DatabaseSync(join(folder, 'ledger.db'), { readOnly: true, readBigInts: true })
  return ['requests', 'hold_changes', 'journal', 'balances', 'accounts', 'standings', 'assets', 'rates', 'feed'].map(
    (table) => database.prepare(`SELECT * FROM ${table}`).all(),
  )
}

const KNOWN = [
  'user:1',
  'user:2',
  '@revenue',
  'credit',
  'gem',
  'H1',
  '5',
  '7',
  '1:10',
  'user:2=5',
  '10m',
  '2030-01-01',
  '{"a":1}',
  'credit',
]
const words = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...KNOWN) },
  // Arguments of a program cannot contain NUL. An argument that begins with a dash is an option, known or not.
  { weight: 2, arbitrary: hostileTexts.map((text) => text.replaceAll('\0', '')) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '--',
      '-',
      '--json',
      '--help',
      '--nonsense',
      '--store=',
      '-x',
      '--__proto__',
      '{"a":1,"a":2}',
    ),
  },
)
/** Options that reach outside of the test's folder, or commands that do not end. */
const WITHOUT_VALUES: ReadonlySet<string> = new Set(['--store', '--url', '--host', '--port'])

/** Arguments of a command, according to its definition in commander. */
function parametersOf(command: Command): fc.Arbitrary<readonly string[]> {
  const places = command.registeredArguments.map(({ variadic }) =>
    variadic ? fc.array(words, { minLength: 1, maxLength: 3 }) : words.map((word) => [word]),
  )
  const options = command.options
    .filter(({ long }) => !WITHOUT_VALUES.has(long ?? ''))
    .map(({ long, required, optional, argChoices }) => {
      const values = argChoices === undefined ? words : fc.oneof(words, fc.constantFrom(...argChoices))
      return required || optional ? values.map((value) => [long!, value]) : fc.constant([long!])
    })
  const some = options.length === 0 ? fc.constant([]) : fc.array(fc.oneof(...options), { maxLength: 3 })
  const extra = fc.oneof(
    { weight: 6, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: words.map((word) => [word]) },
  )
  return fc
    .tuple(fc.tuple(...places), some, extra)
    .map(([values, given, more]) => [command.name(), ...values.flat(), ...given.flat(), ...more])
}

const SHAPE: Omit<ListShape, 'format'> = {
  delimiter: null,
  accountColumn: null,
  counterpartyColumn: null,
  assetColumn: null,
  idColumn: 'request_id',
  amountColumn: 'amount',
  statusColumn: 'status',
  isStatusNeeded: false,
  words: new Map([
    ['done', 'done'],
    ['failed', 'failed'],
  ]),
}

const ORDERS: Omit<OrderShape, 'format'> = {
  ...SHAPE,
  fromColumn: 'request_id',
  toColumn: 'status',
  asset: 'credit',
  toAssetColumn: null,
  toAmountColumn: null,
  legsColumn: 'legs',
  noteColumn: null,
  notes: new Map(),
  takenColumn: null,
  accountPrefix: 'user:',
}

/** Nearly valid lists: parts of lists in any order, with arbitrary bytes between them. */
const pieces = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'request_id,amount,status',
      'H1,5,done',
      'H2,7,failed',
      '\n',
      '\r\n',
      '{"request_id":"H1","amount":5}',
      '{"request_id":"H1","amount":5,"amount":6}',
      '{"request_id":"H1","legs":[{"status":"done","amount":5},{"status":8,"amount":"6"}]}',
      '{"request_id":"H1","legs":[[],{"__proto__":null}]}',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '\r',
      '"',
      '""',
      ',',
      '\0',
      '\ufeff',
      'request_id,request_id,amount',
      '{"__proto__":{"request_id":"x"}}',
      '[]',
      '['.repeat(60_000),
      `{"status":${'['.repeat(500)}${']'.repeat(500)},"request_id":"H1"}`,
      'x'.repeat(70_000),
      ','.repeat(1_100),
    ),
  },
  { weight: 2, arbitrary: hostileTexts },
)
const lists = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: pieces.map((text) => Buffer.from(text)) },
    fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
  ),
  { maxLength: 12 },
)

async function readWhole(path: string): Promise<void> {
  for await (const rows of readList(path, { ...SHAPE, format: 'ndjson' })) assert.ok(rows.length >= 0)
}

describe('hostile command lines', () => {
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-hostile-'))
    store = `sqlite:${join(folder, 'ledger.db')}`
    await using ledger = await openLedger(store)
    await ledger.declare({ asset: 'gem', decimals: 2 })
    await ledger.deposit({ account: 'user:1', amount: 100_000n })
    await ledger.freeze({ requestId: 'H1', account: 'user:1', amount: 500n })
    runner = new CommandLineRunner(folder, { HOLDFAST_STORE: store })
  })
  after(async () => {
    await runner[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  test('every command ends with a code that is documented, says what is wrong, and changes nothing when it refuses', async () => {
    // `serve` does not end; config.test.ts covers its settings.
    const commands = buildProgram().commands.filter((command) => command.name() !== 'serve')
    const reached = new Set<string>()
    const inputs = fc.oneof(...commands.map(parametersOf), fc.array(words, { maxLength: 4 }))
    await tryInputs('command lines', 30 * commands.length, inputs, async (parameters) => {
      // These do not end.
      if (parameters[0] === 'serve' || parameters.includes('--follow') || parameters.includes('--watch')) return
      const before = books()
      const { exitCode, stdout, stderr } = await runner.run(parameters)
      if (parameters[0] !== undefined) reached.add(parameters[0])
      assert.ok((Object.values(EXIT) as number[]).includes(exitCode), `exit code ${exitCode}`)
      assert.doesNotMatch(stdout + stderr, /\n\s+at |UNCAUGHT|defect in Holdfast|node_modules/)
      assert.doesNotMatch(stderr.replaceAll('\n', ''), /[\p{Cc}\p{Bidi_Control}]/u)
      if (exitCode === EXIT.ok) return
      assert.deepEqual(books(), before)
      // Findings of `verify` and similar commands are printed to stdout.
      if (stderr === '') assert.ok(stdout !== '')
      else assert.match(stderr, /^(error: .|\(for help|Usage: |Nothing is changed)/)
    })
    assert.deepEqual(
      commands.map((command) => command.name()).filter((name) => !reached.has(name)),
      [],
    )
  })

  test('a path that cannot be a file is reported in one line', async () => {
    for (const file of [`${'x'.repeat(5_000)}.csv`, join(folder, 'ledger.db', 'x.csv'), folder]) {
      const { exitCode, stderr } = await runner.run(['reconcile', file, '--format', 'csv'])
      assert.deepEqual([exitCode, stderr.trimEnd().split('\n').length], [EXIT.usage, 1], stderr)
    }
  })

  test('what others wrote cannot steer the terminal that shows it', async () => {
    const memo = '\u001b[2J\u009b31m\u202eabc\nfake row'
    await using ledger = await openLedger(store)
    await ledger.deposit({ requestId: 'steering', account: 'user:steered', amount: 1n, memo, metadata: { note: memo } })
    await ledger.declare({ asset: 'steer', name: memo })
    for (const parameters of [['entry', 'steering'], ['postings', 'user:steered'], ['assets']]) {
      const { stdout } = await runner.run(parameters)
      assert.ok(stdout.includes('\\u{1b}[2J'), stdout)
      // The program itself prints control characters only as styles, and only to a terminal, which stdout is not here.
      assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Bidi_Control}]/u)
      assert.doesNotMatch(stdout, /^fake row/m)
    }
  })

  test('a list of any bytes is read row by row or refused with its line, and nothing else happens', async () => {
    const path = join(folder, 'list')
    const inputs = fc.record({ list: lists, format: fc.constantFrom('csv' as const, 'ndjson' as const) })
    await tryInputs('lists', 600, inputs, async ({ list, format }) => {
      writeFileSync(path, Buffer.concat(list))
      for (const read of [readList(path, { ...SHAPE, format }), readOrders(path, { ...ORDERS, format })]) {
        try {
          for await (const rows of read) {
            for (const row of rows) assert.ok(row.line > 0 && ('problem' in row || row.requestId !== ''))
          }
        } catch (error) {
          assert.ok(error instanceof ListError, String(error))
          assert.match(error.message, /^(Line \d+: |The list )/)
          assert.ok(error.message.length < 70_000)
        }
      }
    })
  })

  test('a member that is given twice, a line without end and a value without bottom are refused with their line', async () => {
    const path = join(folder, 'list.ndjson')
    const right = '{"request_id":"H1","amount":5}\n'
    for (const [line, said] of [
      ['{"request_id":"H1","amount":5,"amount":6}', 'Line 2: /amount is given more than once.'],
      [
        `{"request_id":"H1","amount":5,"x":"${'x'.repeat(LINE_CHARACTERS_MAX)}"}`,
        `Line 2: more than ${LINE_CHARACTERS_MAX} characters.`,
      ],
      [
        `{"request_id":"H1","status":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
        'Line 2: it is nested deeper than 16 levels.',
      ],
    ] as const) {
      writeFileSync(path, `${right}${line}\n${right}`)
      await assert.rejects(readWhole(path), { message: said })
      const { exitCode, stderr } = await runner.run(['reconcile', path, '--fix', '--yes'])
      assert.deepEqual([exitCode, stderr], [EXIT.usage, `error: ${said}\n`])
    }
    tell('lists with something in them twice, too long or too deep', 3)
  })
})
