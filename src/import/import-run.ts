/** One run of the import: it reads, validates, imports and optionally compares every user. */
import type { Ledger } from '../api/ledger.ts'
import { examineUser, orphanBreach, type Breach, type Duplicates, type Opening } from './examination.ts'
import { Importer, type Arrival, type ImporterOptions } from './importer.ts'
import type { Mapping } from './mapping.ts'
import type { OldUser, StatusCount } from './old-rows.ts'
import { FREEZES_PER_USER_MAX, type Source } from './source.ts'

/** Receives the results one by one, so that they need not be kept in memory. */
export interface ImportListener {
  begin(usersCount: number, statuses: readonly StatusCount[]): void
  breach(breach: Breach): void
  /** Called for each valid user. `arrival` is null if the ledger was not used. */
  user(opening: Opening, arrival: Arrival | null): void
  /** Called after each page. */
  progress(usersCount: number): void
}

export interface ImportSummary {
  usersCount: number
  /** Includes users without coins. */
  readonly users: Record<Arrival['kind'] | 'planned' | 'broken', number>
  breachesCount: number
  /** The coins and holds of all valid users. */
  coins: bigint
  held: bigint
  holdsCount: number
}

export interface ImportParts {
  readonly source: Source
  /** Null: the run does not use the ledger. */
  readonly ledger: Ledger | null
  readonly mapping: Mapping
  readonly options: ImporterOptions
  readonly listener: ImportListener
}

/** @throws SourceError if the old database fails, LedgerError if the ledger fails. The next run continues from there. */
export async function runImport({ source, ledger, mapping, options, listener }: ImportParts): Promise<ImportSummary> {
  const summary: ImportSummary = {
    usersCount: 0,
    users: { imported: 0, unchanged: 0, corrected: 0, different: 0, planned: 0, broken: 0 },
    breachesCount: 0,
    coins: 0n,
    held: 0n,
    holdsCount: 0,
  }
  const report = (breach: Breach): void => {
    summary.breachesCount += 1
    listener.breach(breach)
  }
  const importer = ledger === null ? null : new Importer(ledger, mapping, options)
  listener.begin(await source.usersCount(), await source.statuses())
  const duplicates = { users: await source.duplicateUsers(), requestIds: await source.duplicateRequestIds() }
  await reportRowsWithoutUser(source, mapping, report)
  for await (const users of source.userPages()) {
    const openings = await examinePage(users, { source, mapping, duplicates, report })
    summary.usersCount += users.length
    summary.users.broken += users.length - openings.length
    const arrivals = await importer?.bring(openings)
    for (const [index, opening] of openings.entries()) {
      const arrival = arrivals?.[index] ?? null
      summary.users[arrival?.kind ?? 'planned'] += 1
      summary.coins += opening.total
      summary.held += opening.held
      summary.holdsCount += opening.holds.length
      listener.user(opening, arrival)
    }
    listener.progress(users.length)
  }
  return summary
}

interface Examining {
  readonly source: Source
  readonly mapping: Mapping
  readonly duplicates: Duplicates
  readonly report: (breach: Breach) => void
}

async function examinePage(users: readonly OldUser[], parts: Examining): Promise<readonly Opening[]> {
  const { source, mapping, duplicates, report } = parts
  const keys = new Set(users.map(({ key }) => key))
  const freezes = await source.freezesOf([...keys])
  for (const [user, rows] of freezes) {
    // The old database may compare keys case-insensitively, but account names are case-sensitive.
    if (!keys.has(user)) for (const row of rows) report(orphanBreach(row, mapping))
  }
  return users.flatMap((user) => {
    const rows = freezes.get(user.key) ?? []
    const { opening, breaches } = examineUser({ user, freezes: rows, duplicates }, mapping, {
      freezesMax: FREEZES_PER_USER_MAX,
    })
    for (const breach of breaches) report(breach)
    return opening === null ? [] : [opening]
  })
}

async function reportRowsWithoutUser(
  source: Source,
  mapping: Mapping,
  report: (breach: Breach) => void,
): Promise<void> {
  const { table, key } = mapping.users
  const count = await source.usersWithoutKeyCount()
  if (count > 0) report({ code: 'missing', table, row: null, message: `${count} rows have NULL in ${key}.` })
  for await (const freezes of source.orphanPages()) for (const freeze of freezes) report(orphanBreach(freeze, mapping))
}
