/** One run over the old database: every user is read, examined, brought and, if that is wanted, compared. */
import type { Ledger } from '../api/ledger.ts'
import { examineUser, orphanBreach, type Breach, type Duplicates, type Opening } from './examination.ts'
import { Importer, type Arrival, type ImporterOptions } from './importer.ts'
import type { Mapping } from './mapping.ts'
import type { OldUser, StatusCount } from './old-rows.ts'
import { FREEZES_PER_USER_MAX, type Source } from './source.ts'

/** Told of things as they are found, so that nothing has to be remembered. */
export interface ImportListener {
  begin(usersCount: number, statuses: readonly StatusCount[]): void
  breach(breach: Breach): void
  /** Of each user that keeps the laws; null when nothing was asked of the ledger. */
  user(opening: Opening, arrival: Arrival | null): void
  /** After each page. */
  progress(usersCount: number): void
}

export interface ImportSummary {
  usersCount: number
  /** Users with nothing to bring are among them. */
  readonly users: Record<Arrival['kind'] | 'planned' | 'broken', number>
  breachesCount: number
  /** Coins and holds of all users that keep the laws. */
  coins: bigint
  held: bigint
  holdsCount: number
}

export interface ImportParts {
  readonly source: Source
  /** Null: the ledger is not even looked at. */
  readonly ledger: Ledger | null
  readonly mapping: Mapping
  readonly options: ImporterOptions
  readonly listener: ImportListener
}

/** @throws SourceError when the old database fails, LedgerError when the ledger does; the next run goes on from there */
export async function runImport({ source, ledger, mapping, options, listener }: ImportParts): Promise<ImportSummary> {
  const summary: ImportSummary = {
    usersCount: 0,
    users: { imported: 0, unchanged: 0, corrected: 0, different: 0, planned: 0, broken: 0 },
    breachesCount: 0,
    coins: 0n,
    held: 0n,
    holdsCount: 0,
  }
  const tell = (breach: Breach): void => {
    summary.breachesCount += 1
    listener.breach(breach)
  }
  const importer = ledger === null ? null : new Importer(ledger, mapping, options)
  listener.begin(await source.usersCount(), await source.statuses())
  const duplicates = { users: await source.duplicateUsers(), requestIds: await source.duplicateRequestIds() }
  await tellRowsOfNobody(source, mapping, tell)
  for await (const users of source.userPages()) {
    const openings = await examinePage(users, { source, mapping, duplicates, tell })
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
  readonly tell: (breach: Breach) => void
}

async function examinePage(users: readonly OldUser[], parts: Examining): Promise<readonly Opening[]> {
  const { source, mapping, duplicates, tell } = parts
  const keys = new Set(users.map(({ key }) => key))
  const freezes = await source.freezesOf([...keys])
  for (const [user, rows] of freezes) {
    // The old database compares without regard to case, perhaps; an account's name is one of its own.
    if (!keys.has(user)) for (const row of rows) tell(orphanBreach(row, mapping))
  }
  return users.flatMap((user) => {
    const rows = freezes.get(user.key) ?? []
    const { opening, breaches } = examineUser({ user, freezes: rows, duplicates }, mapping, {
      freezesMax: FREEZES_PER_USER_MAX,
    })
    for (const breach of breaches) tell(breach)
    return opening === null ? [] : [opening]
  })
}

async function tellRowsOfNobody(source: Source, mapping: Mapping, tell: (breach: Breach) => void): Promise<void> {
  const { table, key } = mapping.users
  const count = await source.usersWithoutKeyCount()
  if (count > 0) tell({ code: 'missing', table, row: null, message: `${count} rows have NULL in ${key}.` })
  for await (const freezes of source.orphanPages()) for (const freeze of freezes) tell(orphanBreach(freeze, mapping))
}
