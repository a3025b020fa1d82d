/** What a comparison has found: how many of each kind, and each difference with the hold or the entry that it is about. */
import { useState } from 'react'
import type { DifferenceWire, ReconcileSummaryWire, UnreadableWire } from '../../../src/api/reconciliation.ts'
import type { Comparison } from '../checks.ts'
import { csvOf, download } from '../download.ts'
import { countText } from '../figures.ts'
import { usePreferences } from '../preferences.ts'
import { Button } from '../parts/button.tsx'
import { Card, Fact, Facts } from '../parts/card.tsx'
import { Choice } from '../parts/field.tsx'
import { Notice } from '../parts/notice.tsx'
import { Ended, Running } from '../parts/run.tsx'
import { GrowingTable, Table, type Column } from '../parts/table.tsx'
import { Amount, Badge, EntryLink, HoldLink } from '../parts/values.tsx'
import { useWords, wordFor, type Words } from '../words/words.ts'

export function Compared({ run }: { readonly run: Comparison }) {
  const words = useWords()
  const { summary, findings, unreadable } = run
  const [code, setCode] = useState('')
  const isOfHolds = (run.query['of'] ?? 'holds') === 'holds'
  const codes = [...new Set(findings.map((finding) => finding.code))]
  const shown = findings.filter((finding) => code === '' || finding.code === code)
  return (
    <>
      <Card title={words.compared(run.list.name)}>
        <div className="grid gap-4">
          {run.state === 'running' && <Running run={run} label={words.reconcile} {...progressOf(run, words)} />}
          <Ended run={run} />
          {summary !== null && <Verdict summary={summary} />}
        </div>
      </Card>
      {unreadable.length > 0 && (
        <Card title={words.unreadableRows} isFlush>
          <GrowingTable
            label={words.unreadableRows}
            columns={unreadableColumnsOf(words)}
            rows={unreadable}
            keyOf={({ line }) => String(line)}
          />
        </Card>
      )}
      {findings.length > 0 && (
        <Card title={words.differences} aside={<Downloads name={run.list.name} findings={shown} />} isFlush>
          {codes.length > 1 && (
            <div className="max-w-56 px-4 pb-3 sm:px-5">
              <Choice
                name={words.kind}
                value={code}
                choices={[['', words.allKinds], ...codes.map((each) => [each, wordFor(words, each)] as const)]}
                onChange={setCode}
              />
            </div>
          )}
          <GrowingTable
            key={code}
            label={words.differences}
            columns={columnsOf(words, isOfHolds)}
            rows={shown}
            keyOf={({ code: kind, requestId, line }) => `${kind} ${requestId} ${line}`}
          />
        </Card>
      )}
    </>
  )
}

function progressOf({ current }: Comparison, words: Words): { readonly text: string; readonly part: number | null } {
  if (current === null) return { text: words.starting, part: null }
  const { state, count, linesCount } = current
  const part = state === 'comparing' && linesCount > 0 ? Math.min(1, count / linesCount) : null
  return { text: words.comparing[state](count), part }
}

function Verdict({ summary }: { readonly summary: ReconcileSummaryWire }) {
  const words = useWords()
  const { language } = usePreferences()
  const { rowsCount, proof, agreedCount, unreadableCount, findingsCount, obstacle, totals, leftOutCount } = summary
  const isSame = findingsCount === 0 && unreadableCount === 0
  return (
    <>
      <Notice tone={isSame ? 'good' : 'bad'} title={isSame ? words.allAgree : words.differCount(findingsCount)}>
        {obstacle !== null && <p>{words.notComparedYet}</p>}
      </Notice>
      {proof === null && <Notice tone="warn" title={words.unproven} />}
      {leftOutCount > 0 && <Notice tone="warn" title={words.leftOut(leftOutCount)} />}
      <Facts>
        <Fact name={words.rowsOfList}>{countText(rowsCount, language)}</Fact>
        <Fact name={words.agreeing}>{countText(agreedCount, language)}</Fact>
        <Fact name={words.differences}>{countText(findingsCount, language)}</Fact>
        {unreadableCount > 0 && <Fact name={words.unreadableRows}>{countText(unreadableCount, language)}</Fact>}
      </Facts>
      {totals.length > 0 && (
        <div className="-mx-4 overflow-x-auto sm:-mx-5">
          <Table
            label={words.byKind}
            columns={[
              { name: words.found1, cell: ({ code }) => <Badge word={code} /> },
              { name: words.meaning, isMinor: true, cell: ({ code }) => words.meanings[code] },
              { name: words.count, isNumber: true, cell: ({ count }) => countText(count, language) },
              {
                name: words.theirs,
                isNumber: true,
                cell: ({ asset, theirs }) => <Minor minor={theirs} asset={asset} />,
              },
              { name: words.ours, isNumber: true, cell: ({ asset, ours }) => <Minor minor={ours} asset={asset} /> },
            ]}
            rows={totals}
            keyOf={({ code, asset }) => `${code} ${asset}`}
          />
        </div>
      )}
    </>
  )
}

/** A list without assets has amounts in minor units of nobody knows what. */
function Minor({ minor, asset }: { readonly minor: string | null; readonly asset: string | null }) {
  const words = useWords()
  if (minor === null) return <span className="text-muted">–</span>
  if (asset !== null) return <Amount minor={minor} asset={asset} hasAsset />
  return (
    <span className="figure" title={words.inMinorUnits}>
      {minor}
    </span>
  )
}

function columnsOf(words: Words, isOfHolds: boolean): readonly Column<DifferenceWire>[] {
  return [
    { name: words.found1, isMinor: true, cell: ({ code }) => <Badge word={code} /> },
    {
      name: isOfHolds ? words.hold : words.entry,
      cell: (difference) => (
        <>
          <span className="mb-1 block md:hidden">
            <Badge word={difference.code} />
          </span>
          <Place difference={difference} isOfHolds={isOfHolds} />
          <span className="mt-1 block md:hidden">
            <What difference={difference} />
          </span>
        </>
      ),
    },
    { name: words.theirs, isNumber: true, cell: ({ theirs, asset }) => <Minor minor={theirs} asset={asset} /> },
    { name: words.ours, isNumber: true, cell: ({ ours, asset }) => <Minor minor={ours} asset={asset} /> },
    {
      name: words.what,
      isMinor: true,
      cell: (difference) => (
        <span className="block max-w-md">
          <What difference={difference} />
        </span>
      ),
    },
  ]
}

interface DifferenceProps {
  readonly difference: DifferenceWire
}

/** A link to what the ledger has. */
function Place({
  difference: { requestId, ours, line },
  isOfHolds,
}: DifferenceProps & { readonly isOfHolds: boolean }) {
  const words = useWords()
  const link = isOfHolds ? <HoldLink id={requestId} /> : <EntryLink id={requestId} />
  return (
    <span className="break-all">
      {ours === null ? <span className="font-mono text-[0.8125rem]">{requestId}</span> : link}
      {line !== null && <span className="block text-xs text-muted">{words.inLine(line)}</span>}
    </span>
  )
}

function What({ difference: { message, remedy } }: DifferenceProps) {
  const words = useWords()
  return (
    <span className="break-words">
      {message}
      {remedy !== null && <span className="block text-muted">{words.fixWould(wordFor(words, remedy.kind))}</span>}
    </span>
  )
}

function unreadableColumnsOf(words: Words): readonly Column<UnreadableWire>[] {
  return [
    { name: words.line, cell: ({ line }) => line },
    { name: words.what, cell: ({ problem }) => <span className="break-words">{problem}</span> },
  ]
}

const FILE_COLUMNS = [
  ['found', ({ code }: DifferenceWire) => code],
  ['request_id', ({ requestId }: DifferenceWire) => requestId],
  ['line', ({ line }: DifferenceWire) => line],
  ['asset', ({ asset }: DifferenceWire) => asset],
  // Whole numbers, which may be larger than a number of JavaScript holds: digits are no formula.
  ['external', ({ theirs }: DifferenceWire) => theirs],
  ['ledger', ({ ours }: DifferenceWire) => ours],
  ['message', ({ message }: DifferenceWire) => message],
] as const

function Downloads({ name, findings }: { readonly name: string; readonly findings: readonly DifferenceWire[] }) {
  const words = useWords()
  const base = `differences-${name.replace(/\.[^.]*$/, '')}`
  return (
    <div className="flex gap-2">
      <Button onClick={() => download(`${base}.csv`, 'text/csv', csvOf(FILE_COLUMNS, findings))}>
        {words.downloadAs('CSV')}
      </Button>
      <Button
        onClick={() =>
          download(
            `${base}.ndjson`,
            'application/x-ndjson',
            findings.map((finding) => `${JSON.stringify(finding)}\n`),
          )
        }
      >
        {words.downloadAs('NDJSON')}
      </Button>
    </div>
  )
}
