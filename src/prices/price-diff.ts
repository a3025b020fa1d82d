/** What differs between two versions of the prices. */
import { decimalOf, fractionOf, plus } from './fraction.ts'
import { modelName, PRICED_PARTS, type ModelPrices, type PriceTable } from './price-table.ts'

/** A value that differs: null where it is missing. `changePercent` has at most one decimal place, rounded down; null if there is none. */
export interface PriceChange {
  /** `provider/model`, or null for a field of the table itself. */
  readonly model: string | null
  readonly field: string
  readonly before: string | null
  readonly after: string | null
  readonly changePercent: string | null
}

const HEAD = ['asset', 'coinsPerUnit', 'markupPercent', 'favour'] as const

/** Sorted: first the table's own fields, then models by name. Versions and `validFrom` always differ and are left out. */
export function diffOf(before: PriceTable, after: PriceTable): readonly PriceChange[] {
  const head = HEAD.filter((field) => before[field] !== after[field]).map((field) =>
    changeOf(null, field, before[field], after[field]),
  )
  const [old, now] = [byName(before), byName(after)]
  const names = [...new Set([...old.keys(), ...now.keys()])].toSorted()
  return [...head, ...names.flatMap((name) => modelChanges(name, old.get(name) ?? {}, now.get(name) ?? {}))]
}

type Flat = Readonly<Record<string, string>>

function byName({ models }: PriceTable): ReadonlyMap<string, Flat> {
  return new Map(models.map((each) => [modelName(each), flat(each)]))
}

function modelChanges(name: string, before: Flat, after: Flat): readonly PriceChange[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return fields
    .map((field) => changeOf(name, field, before[field] ?? null, after[field] ?? null))
    .filter(({ before: left, after: right }) => left === null || right === null || !isSame(left, right))
}

/** `2.50` and `2.5` are one price. */
function isSame(left: string, right: string): boolean {
  const [first, second] = [fractionOf(left), fractionOf(right)]
  if (first === null || second === null) return left === right
  return first.numerator * second.denominator === second.numerator * first.denominator
}

function flat({ provider: _provider, model: _model, outputTokensMax, longPrompts, ...prices }: ModelPrices): Flat {
  const fields: Record<string, string> = {}
  for (const part of PRICED_PARTS) {
    const text = prices[part]
    if (text !== undefined) fields[part] = text
  }
  if (longPrompts !== undefined) {
    for (const [name, value] of Object.entries(longPrompts)) fields[`longPrompts.${name}`] = String(value)
  }
  if (outputTokensMax !== undefined) fields['outputTokensMax'] = String(outputTokensMax)
  return fields
}

function changeOf(model: string | null, field: string, before: string | null, after: string | null): PriceChange {
  return { model, field, before, after, changePercent: percentOf(before, after) }
}

function percentOf(before: string | null, after: string | null): string | null {
  const [old, now] = [before, after].map((text) => (text === null ? null : fractionOf(text)))
  if (old === null || old === undefined || now === null || now === undefined || old.numerator === 0n) return null
  const difference = plus(now, { numerator: -old.numerator, denominator: old.denominator })
  const isLess = difference.numerator < 0n
  const size = (isLess ? -difference.numerator : difference.numerator) * old.denominator * 1_000n
  const tenths = size / (difference.denominator * old.numerator)
  return `${isLess ? '-' : '+'}${decimalOf({ numerator: tenths, denominator: 10n })}`
}
