/** What looks wrong in a price book, before calls are charged by it. */
import type { Instant } from '../domain/ids.ts'
import { fractionOf } from './fraction.ts'
import { diffOf } from './price-diff.ts'
import type { PriceBook } from './price-book.ts'
import { PRICED_PARTS, modelName, type ModelPrices, type PriceTable } from './price-table.ts'

export interface PriceFinding {
  readonly version: string
  readonly model: string | null
  readonly finding: string
}

/** A larger change is more often a wrong unit than a new price. */
const CHANGE_FACTOR_MAX = 10n

/** Every version on its own, and each compared with the one before it. */
export function findingsOf(book: PriceBook, now: Instant): readonly PriceFinding[] {
  const tables = book.versions.map(({ table }) => table)
  const findings = tables.flatMap((table, index) => [
    ...table.models.flatMap((each) => modelFindings(table, each)),
    ...(index === 0 ? [] : stepFindings(tables[index - 1]!, table)),
  ])
  if (book.at(now) !== null) return findings
  return [
    { version: tables[0]!.version, model: null, finding: 'no version is in force yet: every call is refused' },
    ...findings,
  ]
}

function modelFindings({ version }: PriceTable, model: ModelPrices): readonly PriceFinding[] {
  const of = (finding: string): PriceFinding => ({ version, model: modelName(model), finding })
  const free = PRICED_PARTS.every((part) => model[part] === undefined || fractionOf(model[part])!.numerator === 0n)
  if (free) return [of('every price is 0: its calls are free')]
  if ((model.output === undefined) === (model.input === undefined)) return []
  // Embeddings have no output.
  return model.input === undefined ? [of('output has a price and input has none: calls of text are refused')] : []
}

function stepFindings(before: PriceTable, after: PriceTable): readonly PriceFinding[] {
  const left = new Set(after.models.map(modelName))
  const gone = before.models.map(modelName).filter((model) => !left.has(model))
  const disappeared = gone.map((model) => ({
    version: after.version,
    model,
    finding: `has no price any more, ${before.version} had one: its calls are refused`,
  }))
  const jumps = diffOf(before, after).filter(
    ({ field, before: old, after: now }) => field !== 'outputTokensMax' && isJump(old, now),
  )
  return [
    ...disappeared,
    ...jumps.map(({ model, field, before: old, after: now }) => ({
      version: after.version,
      model,
      finding: `${field} changes from ${old} to ${now}, by more than ${CHANGE_FACTOR_MAX} times: is the unit right?`,
    })),
  ]
}

function isJump(before: string | null, after: string | null): boolean {
  const [old, now] = [before, after].map((text) => (text === null ? null : fractionOf(text)))
  if (old === null || old === undefined || now === null || now === undefined) return false
  const [left, right] = [old.numerator * now.denominator, now.numerator * old.denominator]
  if (left === 0n || right === 0n) return left !== right
  return left > right * CHANGE_FACTOR_MAX || right > left * CHANGE_FACTOR_MAX
}
