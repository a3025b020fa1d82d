/** The report of a dry run of the import: what would become of the users of an old system. */
import { useState } from 'react'
import { countText } from '../figures.ts'
import {
  readImportReport,
  ReportError,
  textOf,
  type BreachLine,
  type DifferentLine,
  type ImportReport,
  type ImportSummaryLine,
  type Kept,
  type PlanLine,
} from '../import-report.ts'
import { Card, Fact, Facts } from '../parts/card.tsx'
import { FileField } from '../parts/field.tsx'
import { Notice } from '../parts/notice.tsx'
import { GrowingTable, Table, type Column } from '../parts/table.tsx'
import { AccountLink, Amount, Badge } from '../parts/values.tsx'
import { usePreferences } from '../preferences.ts'
import { useWords, type Words } from '../words/words.ts'
import { CheckTabs } from './check-tabs.tsx'

const COMMAND = 'holdfast import OLD_URL --store URL … --dry-run --verify --json > import.ndjson'

interface Opened {
  readonly file: File
  readonly report: ImportReport | null
  /** The line that is none of a report. */
  readonly wrongLine: number | null
}

export function ImportReportView() {
  const words = useWords()
  const [opened, setOpened] = useState<Opened | null>(null)
  const open = async (file: File): Promise<void> => {
    setOpened({ file, report: null, wrongLine: null })
    try {
      setOpened({ file, report: await readImportReport(textOf(file)), wrongLine: null })
    } catch (error) {
      setOpened({ file, report: null, wrongLine: error instanceof ReportError ? error.line : 1 })
    }
  }
  return (
    <>
      <CheckTabs current="import" />
      <div className="grid grid-cols-1 gap-5">
        <Card title={words.importReport}>
          <p className="text-sm text-muted">{words.importHint}</p>
          <code className="mt-3 block rounded-lg bg-sunken px-3 py-2 font-mono text-[0.8125rem] break-words select-all">
            {COMMAND}
          </code>
          <div className="mt-4 sm:max-w-md">
            <FileField
              name={words.report}
              hint={words.reportHint}
              text={opened === null ? words.chooseFile : words.chooseOther}
              accept=".ndjson,.jsonl,.json,.txt,application/x-ndjson"
              file={opened?.file ?? null}
              onChange={(file) => void open(file)}
            />
          </div>
          {opened !== null && (
            <div className="mt-4 grid gap-4">
              {opened.wrongLine !== null && <Notice tone="bad" title={words.noReport(opened.wrongLine)} />}
              {opened.wrongLine === null && opened.report === null && <Notice tone="quiet" title={words.loading} />}
              {opened.report !== null && <Verdict report={opened.report} />}
            </div>
          )}
        </Card>
        {opened !== null && opened.report !== null && <Lines report={opened.report} />}
      </div>
    </>
  )
}

function Verdict({ report }: { readonly report: ImportReport }) {
  const words = useWords()
  const { summary, breaches, different, isDryRun } = report
  if (summary === null) return <Notice tone="bad" title={words.reportCut} />
  const isClear = breaches.count === 0 && different.count === 0
  return (
    <>
      <Notice tone={isClear ? 'good' : 'bad'} title={isClear ? words.importClear : words.importNotClear} />
      {!isDryRun && <Notice tone="warn" title={words.notDry} />}
      <Users summary={summary} />
      <div className="-mx-4 overflow-x-auto sm:-mx-5">
        <Table
          label={words.assets}
          columns={[
            { name: words.asset, cell: ({ asset }) => asset },
            { name: words.total, isNumber: true, cell: ({ asset, coins }) => <Amount minor={coins} asset={asset} /> },
            { name: words.held, isNumber: true, cell: ({ asset, held }) => <Amount minor={held} asset={asset} /> },
            { name: words.openHolds, isNumber: true, cell: ({ holdsCount }) => holdsCount },
          ]}
          rows={Object.entries(summary.assets).map(([asset, sums]) => ({ asset, ...sums }))}
          keyOf={({ asset }) => asset}
        />
      </div>
    </>
  )
}

function Users({ summary }: { readonly summary: ImportSummaryLine }) {
  const words = useWords()
  const { language } = usePreferences()
  const { usersCount, users, breachesCount } = summary
  const facts = [
    [words.oldUsers, usersCount, true],
    [words.importResults.imported, users.imported, true],
    [words.importResults.corrected, users.corrected, false],
    [words.importResults.unchanged, users.unchanged, false],
    [words.importResults.different, users.different, false],
    [words.importResults.broken, users.broken, true],
    [words.invalidRows, breachesCount, true],
  ] as const
  return (
    <Facts>
      {facts.map(([name, count, isAlways]) =>
        count > 0 || isAlways ? (
          <Fact key={name} name={name}>
            {countText(count, language)}
          </Fact>
        ) : null,
      )}
    </Facts>
  )
}

function Lines({ report: { breaches, different, plans } }: { readonly report: ImportReport }) {
  const words = useWords()
  return (
    <>
      <Section title={words.invalidRows} kept={breaches} columns={breachColumnsOf(words)} />
      <Section title={words.importResults.different} kept={different} columns={differentColumnsOf(words)} />
      <Section title={words.planned} kept={plans} columns={planColumnsOf(words)} />
    </>
  )
}

interface SectionProps<Line> {
  readonly title: string
  readonly kept: Kept<Line>
  readonly columns: readonly Column<Line>[]
}

/** Lines have no key of their own: a row of the old system can break several rules. */
interface Numbered<Line> {
  readonly line: Line
  readonly index: number
}

function Section<Line>({ title, kept: { lines, count }, columns }: SectionProps<Line>) {
  const words = useWords()
  if (count === 0) return null
  const rows = lines.map((line, index) => ({ line, index }))
  return (
    <Card title={title} isFlush>
      <GrowingTable
        label={title}
        columns={columns.map((column): Column<Numbered<Line>> => ({
          ...column,
          cell: ({ line }) => column.cell(line),
        }))}
        rows={rows}
        keyOf={({ index }) => String(index)}
      />
      {count > lines.length && (
        <p className="px-4 pb-3 text-center text-sm text-muted">{words.notShown(count - lines.length)}</p>
      )}
    </Card>
  )
}

function breachColumnsOf(words: Words): readonly Column<BreachLine>[] {
  return [
    { name: words.found1, isMinor: true, cell: ({ code }) => <Badge word={code} tone="broken" /> },
    {
      name: words.oldRow,
      cell: ({ table, row }) => (
        <span className="break-all">
          {table} {row !== null && <span className="font-mono text-[0.8125rem]">{row}</span>}
        </span>
      ),
    },
    { name: words.what, cell: ({ message }) => <span className="block max-w-md break-words">{message}</span> },
  ]
}

function differentColumnsOf(words: Words): readonly Column<DifferentLine>[] {
  return [
    { name: words.account, cell: ({ account }) => <AccountLink name={account} /> },
    { name: words.asset, isMinor: true, cell: ({ asset }) => asset },
    {
      name: words.what,
      cell: ({ messages }) => (
        <ul className="max-w-xl">
          {messages.map((message) => (
            <li key={message} className="break-words">
              {message}
            </li>
          ))}
        </ul>
      ),
    },
  ]
}

function planColumnsOf(words: Words): readonly Column<PlanLine>[] {
  return [
    { name: words.account, cell: ({ account }) => <AccountLink name={account} /> },
    { name: words.state, isMinor: true, cell: ({ result }) => words.importResults[result] },
    {
      name: words.total,
      isNumber: true,
      cell: ({ total, asset }) => <Amount minor={total} asset={asset} hasAsset />,
    },
    { name: words.held, isNumber: true, cell: ({ held, asset }) => <Amount minor={held} asset={asset} /> },
    { name: words.openHolds, isNumber: true, isMinor: true, cell: ({ holds }) => holds.length },
  ]
}
