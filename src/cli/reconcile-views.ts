/** What `reconcile` shows and prints: findings, changes and the summary. */
import type { Finding, Fix, TransferLeg } from '../reconcile/finding.ts'
import type { ReconcileListener, ReconcileSummary } from '../reconcile/reconciliation.ts'
import { fieldTable, listTable, styled } from './tables.ts'
import { visible } from './visible.ts'

interface Outlets {
  readonly print: (line: object) => void
  readonly say: (text: string) => void
  readonly showFixes: boolean
}

export function listenerOf({ print, say, showFixes }: Outlets): ReconcileListener {
  return {
    finding(finding) {
      const { fix, ...found } = finding
      print({ type: 'finding', ...found, remedy: fix })
      say(findingText(finding, showFixes))
    },
    unreadable({ line, problem }) {
      print({ type: 'unreadable', line, problem })
      say(`${styled('red', 'unreadable')} line ${line}: ${visible(problem)}`)
    },
  }
}

function findingText({ code, requestId, line, message, fix }: Finding, showFixes: boolean): string {
  const place = line === null ? '' : ` (line ${line})`
  const change = showFixes && fix !== null ? ` → ${fixText(fix)}` : ''
  return `${styled('red', code)} ${requestId}${place}: ${visible(message)}${change}`
}

export function fixText(fix: Fix): string {
  switch (fix.kind) {
    case 'release':
      return `release ${fix.hold}`
    case 'settle':
      return `settle ${fix.hold} ${fix.amount}${fix.overage === 'reject' ? '' : ` --overage ${fix.overage}`}`
    case 'deposit':
      return `deposit ${fix.account} ${fix.amount} ${fix.asset}`
    case 'charge':
      return `charge ${fix.account} ${fix.amount} ${fix.asset}${fix.payee === undefined ? '' : ` to ${fix.payee}`}`
    case 'transfer':
      return legsText(fix.legs)
  }
}

const LEGS_SHOWN_MAX = 8

function legsText(legs: readonly TransferLeg[]): string {
  const shown = legs.slice(0, LEGS_SHOWN_MAX).map(({ from, to, asset, amount, toAsset }) => {
    return `transfer ${from} ${to}=${amount} ${asset}${toAsset === undefined ? '' : ` to ${toAsset}`}`
  })
  return `${shown.join(', ')}${legs.length > shown.length ? `, and ${legs.length - shown.length} more` : ''}`
}

const PROOFS = {
  end_row: 'as the end row says',
  stated_rows: 'as --rows says',
  none: 'without an end row or --rows, so the list may be truncated',
} as const

export function summaryView(summary: ReconcileSummary): string {
  const { rowsCount, proof, agreedCount, unreadableCount, plannedCount, totals, obstacle } = summary
  const fields = fieldTable([
    ['rows', `${rowsCount}; ${PROOFS[proof ?? 'none']}`],
    ['agree', agreedCount],
    ['unreadable', unreadableCount === 0 ? null : unreadableCount],
    ['planned changes', plannedCount === 0 ? null : plannedCount],
    ['stopped', obstacle],
  ])
  if (totals.length === 0) return fields
  const rows = totals.map(({ code, asset, count, theirs, ours }) => [code, asset ?? '', count, theirs, ours])
  return `\n${fields}\n\n${listTable(['found', 'asset', 'count', 'external', 'ledger'], rows)}`
}
