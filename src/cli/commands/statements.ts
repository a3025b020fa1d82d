/** Statements: `postings`, as a page or as a file. */
import { Option, type Command } from 'commander'
import type { StatementInput } from '../../api/ledger.ts'
import { STATEMENT_FORMATS, type StatementFormat } from '../../api/queries.ts'
import { statementEnd, statementHead, statementText, statementUntil, type StatementForm } from '../../api/statement.ts'
import { lineToWire } from '../../api/posting.ts'
import { SettingError } from '../../config.ts'
import { DEFAULT_ASSET, type Instant } from '../../domain/ids.ts'
import { ENTRY_KINDS, type EntryKind, type StatementLine } from '../../domain/journal.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { given, readInstant, readMetadata, readWholeNumber } from '../arguments.ts'
import { Scales } from '../scales.ts'
import { addLedgerCommand, show, stream, type TargetFlags } from '../target.ts'
import { postingsView } from '../views.ts'

interface PostingsFlags extends TargetFlags {
  readonly asset?: string
  readonly kind?: EntryKind
  readonly from?: Instant
  readonly until?: Instant
  readonly entry?: string
  readonly hold?: string
  readonly memo?: string
  readonly metadata?: Metadata
  readonly limit?: number
  readonly cursor?: string
  readonly export?: StatementFormat
}

export function addStatementCommand(program: Command): void {
  addLedgerCommand(program, 'postings', 'Shows the statement of a balance, newest line first.')
    .argument('<account>', 'the account')
    .option('--asset <code>', 'asset (default: credit)')
    .addOption(new Option('--kind <kind>', 'only lines of entries of this kind').choices(ENTRY_KINDS))
    .option('--from <instant>', 'only lines at or after this instant: 2030-01-31T12:00:00Z, or a day', readInstant)
    .option('--until <instant>', 'only lines before this instant', readInstant)
    .option('--entry <id>', 'only lines of this entry: a request id, HOLD~settle, HOLD~release or HOLD~late')
    .option('--hold <id>', 'only lines of this hold')
    .option('--memo <text>', 'only lines whose memo contains this text')
    .option('--metadata <json>', 'only lines whose metadata has these keys with these values', readMetadata)
    .option('--limit <count>', 'rows, 1 to 1000 (default: 50)', readWholeNumber)
    .option('--cursor <cursor>', 'cursor from the previous page')
    .addOption(
      new Option('--export <format>', 'print all lines as a file instead of a page; csv is for spreadsheets').choices(
        STATEMENT_FORMATS,
      ),
    )
    .action(async (account: string, flags: PostingsFlags) => {
      const { limit, cursor, export: format } = flags
      const { asset, kind, from, until, entry, hold, memo, metadata } = flags
      const filters: StatementInput = given({ asset, kind, from, until, entry, hold, memo, metadata })
      if (format === undefined) {
        await show(flags, 'read', async (ledger) => {
          const page = await ledger.postings(account, { ...filters, ...given({ limit, cursor }) })
          return {
            wire: { items: page.items.map(lineToWire), next: page.next },
            view: (scales) => postingsView(page, scales),
          }
        })
        return
      }
      if (limit !== undefined || cursor !== undefined) {
        throw new SettingError('--export prints all lines. It is not possible with --limit or --cursor.')
      }
      await stream(flags, async function* (ledger) {
        const scales = await Scales.of(ledger)
        const decimals = scales.decimalsOf(asset ?? DEFAULT_ASSET)
        const at = statementUntil(filters.until)
        yield* fileOf({ format, decimals }, ledger.exportPostings(account, filters), at)
      })
    })
}

/** Rows per write to stdout. */
const ROWS_PER_WRITE = 100

async function* fileOf(
  { format, decimals }: StatementForm,
  lines: AsyncIterable<StatementLine>,
  at: Instant,
): AsyncGenerator<string> {
  yield statementHead(format)
  let rowsCount = 0
  let some: StatementLine[] = []
  for await (const line of lines) {
    rowsCount += 1
    some.push(line)
    if (some.length < ROWS_PER_WRITE) continue
    yield statementText({ format, decimals }, some)
    some = []
  }
  yield statementText({ format, decimals }, some) + statementEnd(format, { rowsCount, at })
}
