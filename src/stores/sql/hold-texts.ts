/**
 * Holds that are kept as answers, as JSON text in the rows of holds and of the entries of their steps.
 *
 * Amounts in it are text, because not every reader of JSON keeps 64 bits.
 */
import type { FirstAnswers, Hold } from '../../domain/hold.ts'
import type { HoldStep } from '../../domain/journal.ts'

/** A step as its entry's row keeps it. */
export function stepText(step: HoldStep | null): string | null {
  return step === null ? null : textOf({ number: step.number, ...step.after })
}

export function stepOf(text: unknown): HoldStep | null {
  if (text === null || text === undefined) return null
  const { number, ...after } = JSON.parse(text as string) as HoldFields & { readonly number: number }
  return { hold: after.id, number, after: holdOfFields(after) }
}

export function firstAnswersText(answers: FirstAnswers | null): string | null {
  return answers === null ? null : textOf(answers)
}

export function firstAnswersOf(text: unknown): FirstAnswers | null {
  if (text === null || text === undefined) return null
  const { freeze, end } = JSON.parse(text as string) as { readonly freeze: HoldFields; readonly end: HoldFields | null }
  return { freeze: holdOfFields(freeze), end: end === null ? null : holdOfFields(end) }
}

type Amounts = 'amount' | 'held' | 'settled' | 'released' | 'drawn' | 'shortfall' | 'refunded' | 'settledLate'

/** A hold as JSON has it. */
type HoldFields = Omit<Hold, Amounts | 'onExpiry'> &
  Readonly<Record<Amounts, string>> & { readonly onExpiry: { readonly settle: string } | null }

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part))
}

function holdOfFields(fields: HoldFields): Hold {
  return {
    ...fields,
    amount: BigInt(fields.amount),
    held: BigInt(fields.held),
    settled: BigInt(fields.settled),
    released: BigInt(fields.released),
    drawn: BigInt(fields.drawn),
    shortfall: BigInt(fields.shortfall),
    refunded: BigInt(fields.refunded),
    settledLate: BigInt(fields.settledLate),
    onExpiry: fields.onExpiry === null ? null : { settle: BigInt(fields.onExpiry.settle) },
  }
}
