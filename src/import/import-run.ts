/** One run of the import: it reads, validates, imports and optionally compares every user. */
import type { Ledger } from '../api/ledger.ts'
import { examineUser, orphanBreach, type Breach, type Opening, type Rules } from './examination.ts'
import { Importer, type Arrival, type ImporterOptions } from './importer.ts'
import { coinsOf, type Mapping } from './mapping.ts'
import { coinsKey, type OldUser, type StatusCount } from './old-rows.ts'
import { FREEZES_PER_USER_MAX, type Source } from './source.ts'

/** Receives the results one by one, so that they need not be kept in memory. */
export interface ImportListener {
  begin(usersCount: number, statuses: readonly StatusCount[]): void
  breach(breach: Breach): void
  /** Called for each valid user. */
  user(opening: Opening, arrival: Arrival): void
  /** Called after each page. */
  progress(usersCount: number): void
}

export interface ImportSummary {
  /** One per row: with several kinds of coins, a user has several. */
  usersCount: number
  /** Includes users without coins. In a dry run, what would become of them. */
  readonly users: Record<Arrival['kind'] | 'broken', number>
  breachesCount: number
  /** The coins and holds of all valid users, by asset. */
  readonly assets: Record<string, Sums>
}

export interface Sums {
  coins: bigint
  held: bigint
  holdsCount: number
}

export interface ImportParts {
  readonly source: Source
  readonly ledger: Ledger
  readonly mapping: Mapping
  /** The keys of the only users that are imported; null: all. */
  readonly chosen: readonly string[] | null
  readonly options: ImporterOptions
  readonly listener: ImportListener
}

/** @throws SourceError if the old database fails, LedgerError if the ledger fails. The next run continues from there. */
export async function runImport(parts: ImportParts): Promise<ImportSummary> {
  const { source, ledger, mapping, chosen, options, listener } = parts
  const summary: ImportSummary = {
    usersCount: 0,
    users: { imported: 0, unchanged: 0, corrected: 0, different: 0, broken: 0 },
    breachesCount: 0,
    assets: Object.fromEntries(coinsOf(mapping).map(({ asset }) => [asset, { coins: 0n, held: 0n, holdsCount: 0 }])),
  }
  const report = (breach: Breach): void => {
    summary.breachesCount += 1
    listener.breach(breach)
  }
  const importer = new Importer(ledger, mapping, options)
  await importer.begin()
  listener.begin(chosen?.length ?? (await source.usersCount()), await source.statuses())
  const duplicates = { users: await source.duplicateUsers(), requestIds: await source.duplicateRequestIds() }
  const rules = { mapping, columns: source.columns, duplicates }
  await reportRowsWithoutUser(parts, report)
  for await (const users of chosen === null ? source.userPages() : chosenPages(source, chosen, { mapping, report })) {
    const openings = await examinePage(users, { source, rules, report })
    summary.usersCount += users.length
    summary.users.broken += users.length - openings.length
    const arrivals = await importer.bring(openings)
    for (const [index, opening] of openings.entries()) {
      const arrival = arrivals[index]!
      const sums = summary.assets[opening.asset]!
      summary.users[arrival.kind] += 1
      sums.coins += opening.total
      sums.held += opening.held
      sums.holdsCount += opening.holds.length
      listener.user(opening, arrival)
    }
    listener.progress(users.length)
  }
  return summary
}

const CHOSEN_PER_PAGE = 1_000

/** The rows of chosen users. A user who is not there is reported. */
async function* chosenPages(
  source: Source,
  chosen: readonly string[],
  { mapping, report }: { readonly mapping: Mapping; readonly report: (breach: Breach) => void },
): AsyncGenerator<readonly OldUser[]> {
  for (let from = 0; from < chosen.length; from += CHOSEN_PER_PAGE) {
    const keys = chosen.slice(from, from + CHOSEN_PER_PAGE)
    const users = await source.chosenUsers(keys)
    const found = new Set(users.map(({ key }) => key))
    for (const key of keys) {
      if (found.has(key)) continue
      const message = `There is no user with this ${mapping.users.key}${mapping.where === null ? '' : ' that fulfils --where'}.`
      report({ code: 'unknown_user', table: mapping.users.table, row: key, message })
    }
    yield users
  }
}

interface Examining {
  readonly source: Source
  readonly rules: Rules
  readonly report: (breach: Breach) => void
}

async function examinePage(
  users: readonly OldUser[],
  { source, rules, report }: Examining,
): Promise<readonly Opening[]> {
  const freezes = await source.freezesOf([...new Set(users.map(({ key }) => key))])
  return users.flatMap((user) => {
    const rows = freezes.get(coinsKey(user.key, user.kind)) ?? []
    const { opening, breaches } = examineUser({ user, freezes: rows }, rules, { freezesMax: FREEZES_PER_USER_MAX })
    for (const breach of breaches) report(breach)
    return opening === null ? [] : [opening]
  })
}

/** Freezes of nobody belong to no choice of users, so they are only reported when all users are imported. */
async function reportRowsWithoutUser(
  { source, mapping, chosen }: ImportParts,
  report: (breach: Breach) => void,
): Promise<void> {
  if (chosen !== null) return
  const { table, key } = mapping.users
  const columns = mapping.coins === null ? key : `${key} or ${mapping.coins.userColumn}`
  const count = await source.usersWithoutKeyCount()
  if (count > 0) report({ code: 'missing', table, row: null, message: `${count} rows have NULL in ${columns}.` })
  if (mapping.where !== null) return
  for await (const freezes of source.orphanPages()) for (const freeze of freezes) report(orphanBreach(freeze, mapping))
}
