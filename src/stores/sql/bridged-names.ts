/** Which rows of an old system's table belong to which balances, as a bridge (src/bridge) has written it down in its table. */
import type { BalanceName } from '../../domain/balance.ts'
import type { Changes } from '../../domain/changes.ts'

/** How long a process may not know that a bridge was installed or removed. */
export const BRIDGE_LOOK_MS = 5_000

export interface BridgedColumn {
  /** Quoted. */
  readonly sql: string
  /** Whether the column has whole numbers; otherwise texts. */
  readonly isWhole: boolean
}

/** What `locks` in the table `bridge` says on every kind of database. */
export interface BridgedNames<Column extends BridgedColumn = BridgedColumn> {
  /** With its schema, quoted. */
  readonly table: string
  readonly key: Column
  /** The column that says which coins a row counts; null where every row is of one asset. */
  readonly kind: Column | null
  /** What names of accounts have around the key. */
  readonly before: string
  readonly after: string
  /** By asset; the kind is null as above. */
  readonly kinds: readonly (readonly [asset: string, kind: string | null])[]
}

/** Where an old row is. The kind is null where every row is of one asset. */
export type OldPlace = readonly [key: string, kind: string | null]

const WHOLE = /^(?:0|-?[1-9][0-9]{0,37})$/

export class OldPlaces {
  readonly #names: BridgedNames
  readonly #kinds: ReadonlyMap<string, string | null>

  constructor(names: BridgedNames) {
    this.#names = names
    this.#kinds = new Map(names.kinds)
  }

  /** Whether the balance has an old row. */
  isOf({ account, asset }: Pick<BalanceName, 'account' | 'asset'>): boolean {
    return this.#keyOf(account) !== null && this.#kinds.has(asset)
  }

  /** The places of these balances, once each, in the order of numbers or of UTF-16 code units. */
  of(names: Iterable<Pick<BalanceName, 'account' | 'asset'>>): readonly OldPlace[] {
    const places = new Map<string, OldPlace>()
    for (const { account, asset } of names) {
      const found = this.#keyOf(account)
      const ofAsset = this.#kinds.get(asset)
      if (found !== null && ofAsset !== undefined) places.set(`${found} ${asset}`, [found, ofAsset])
    }
    return [...places.values()].toSorted((left, right) => this.#compare(left, right))
  }

  /** The keys of those balances whose old row is at one of `places`. */
  keysAt(places: readonly OldPlace[], balances: ReadonlyMap<string, BalanceName>): readonly string[] {
    const wanted = new Set(places.map(placeText))
    const keys: string[] = []
    for (const [balance, { account, asset }] of balances) {
      const key = this.#keyOf(account)
      const kind = this.#kinds.get(asset)
      if (key !== null && kind !== undefined && wanted.has(placeText([key, kind]))) keys.push(balance)
    }
    return keys
  }

  #keyOf(account: string): string | null {
    const { before, after, key } = this.#names
    if (!account.startsWith(before) || !account.endsWith(after)) return null
    const text = account.slice(before.length, account.length - after.length)
    if (text === '' || before.length + after.length >= account.length) return null
    return key.isWhole && !WHOLE.test(text) ? null : text
  }

  #compare([left, leftKind]: OldPlace, [right, rightKind]: OldPlace): number {
    const { key, kind } = this.#names
    const byKey = compareValues(key, left, right)
    return byKey !== 0 || kind === null ? byKey : compareValues(kind, leftKind!, rightKind!)
  }
}

function placeText([key, kind]: OldPlace): string {
  return kind === null ? key : `${key} ${kind}`
}

/** The accounts and assets of all balances that a commit writes. */
export function* balancesOf({ balances }: Pick<Changes, 'balances'>): Iterable<Pick<BalanceName, 'account' | 'asset'>> {
  for (const { after } of balances) if (after.stripe === 0) yield after
}

function compareValues({ isWhole }: BridgedColumn, left: string, right: string): number {
  if (!isWhole) return left < right ? -1 : Number(left > right)
  const difference = BigInt(left) - BigInt(right)
  return difference < 0n ? -1 : Number(difference > 0n)
}
