/**
 * The rejections as callers read them: title, meaning, remedy, message and example, in the order of precedence.
 */
import { ACCOUNT_REJECTIONS } from './account-rejections.ts'
import { AMOUNT_MAX } from '../domain/amount.ts'
import type { HoldState } from '../domain/hold.ts'
import { isHouse } from '../domain/ids.ts'
import type { Rejection, RejectionCode } from '../domain/outcome.ts'
import { changedMeanwhile } from './changed-meanwhile.ts'
import { refused, type RejectionProblem } from './rejection-problem.ts'
import { REPEAT_PROBLEMS } from './repeat-problems.ts'
import { OF_THE_WIRE, type Speech } from './speech.ts'

const account = { kind: 'text', meaning: 'The account.' } as const
const asset = { kind: 'text', meaning: 'The code of the asset.' } as const
const leaving = { kind: 'text', meaning: 'The code of the asset that the leg takes from the sender.' } as const
const arriving = { kind: 'text', meaning: 'The code of the asset that the leg pays to the receiver.' } as const
const hold = { kind: 'text', meaning: 'The id of the hold.' } as const

export const REJECTION_PROBLEMS: { readonly [Code in RejectionCode]: RejectionProblem<Code> } = {
  batch_aborted: {
    ...refused,
    status: 409,
    title: 'Batch aborted',
    meaning: 'Another command of the same atomic batch was rejected, so this one had no effect either.',
    remedy: 'Read the outcome of the command that was rejected with the code in `because`.',
    fields: { because: { kind: 'text', meaning: 'The code of the rejection of the other command.' } },
    explain(rejection) {
      return `Another command of the atomic batch was rejected: ${rejection.because}.`
    },
    example: { because: 'insufficient_funds' },
  },
  ...REPEAT_PROBLEMS,
  unknown_asset: {
    ...refused,
    status: 422,
    title: 'Unknown asset',
    meaning: 'The asset has not been declared.',
    remedy: 'Declare it with `PUT /v1/assets/{code}`. Only `credit` exists from the start.',
    fields: { asset },
    explain(rejection) {
      return `The asset "${rejection.asset}" has not been declared.`
    },
    example: { asset: 'gems' },
  },
  asset_conflict: {
    ...refused,
    status: 409,
    title: 'Asset exists with different decimal places',
    meaning:
      'The asset was declared with a different number of decimal places. The number of decimal places cannot be changed.',
    remedy: 'Declare the asset with the same number of decimal places, or use another code.',
    fields: { asset, decimals: { kind: 'integer', meaning: 'The number of decimal places of the asset.' } },
    explain(rejection) {
      const { asset, decimals } = rejection
      return `The asset "${asset}" has ${decimals} decimal place${decimals === 1 ? '' : 's'}; the number cannot be changed.`
    },
    example: { asset: 'gold', decimals: 2 },
  },
  ...ACCOUNT_REJECTIONS,
  unknown_rate: {
    ...refused,
    status: 422,
    title: 'Unknown rate',
    meaning: 'The pair of assets has no rate. A leg with a `toAmount` needs a rate too.',
    remedy: 'Declare the rate with `PUT /v1/rates/{from}/{to}`. A rate is for one direction.',
    fields: { asset: leaving, toAsset: arriving },
    explain(rejection) {
      return `No rate from "${rejection.asset}" to "${rejection.toAsset}" has been declared.`
    },
    example: { asset: 'star', toAsset: 'gem' },
  },
  rounds_to_nothing: {
    ...refused,
    status: 422,
    title: 'Rounds to nothing',
    meaning: 'The amount, converted and rounded, is less than one minor unit of the other asset.',
    remedy: 'Send a larger amount, or declare a rate that rounds up.',
    fields: { asset: leaving, toAsset: arriving, amount: { kind: 'amount', meaning: 'The amount of the leg.' } },
    explain({ amount, asset, toAsset }, speech) {
      return `${speech.amount(amount, asset)} ${asset} convert to less than ${speech.amount(1n, toAsset)} ${toAsset}.`
    },
    example: { asset: 'star', toAsset: 'gem', amount: 9n },
  },
  outside_tolerance: {
    ...refused,
    status: 422,
    title: 'Outside the tolerance of the rate',
    meaning: 'The difference between `toAmount` and the converted amount is larger than the tolerance of the rate.',
    remedy: 'Leave out `toAmount` to get the converted amount, or use a `toAmount` closer to `expected`.',
    fields: {
      asset: leaving,
      toAsset: arriving,
      toAmount: { kind: 'amount', meaning: 'The `toAmount` of the leg.' },
      expected: { kind: 'amount', meaning: 'The converted amount.' },
      tolerancePpm: { kind: 'integer', meaning: 'The largest difference, in parts per million of `expected`.' },
    },
    explain(rejection, speech) {
      const { toAmount, toAsset, expected, tolerancePpm } = rejection
      return `You asked for ${speech.amount(toAmount, toAsset)} ${toAsset}; the rate gives ${speech.amount(expected, toAsset)} and allows a difference of ${tolerancePpm} ppm.`
    },
    example: {
      asset: 'star',
      toAsset: 'gem',
      toAmount: 12n,
      expected: 10n,
      tolerancePpm: 50_000,
    },
  },
  exchange_out_of_range: {
    ...refused,
    status: 422,
    title: 'Exchange out of range',
    meaning: 'The amount to receive is more than one leg can pay.',
    remedy: 'Send a smaller amount, or use several legs.',
    fields: {
      asset: leaving,
      toAsset: arriving,
      toAmount: { kind: 'amount', meaning: 'The amount that the receiver would get.' },
      toAmountMax: { kind: 'amount', meaning: 'The largest amount that one leg can pay.' },
    },
    explain(rejection, speech) {
      const { toAmount, toAsset, toAmountMax } = rejection
      return `The receiver would get ${speech.amount(toAmount, toAsset)} ${toAsset}; one leg can pay at most ${speech.amount(toAmountMax, toAsset)}.`
    },
    example: {
      asset: 'star',
      toAsset: 'gem',
      toAmount: 20_000_000_000_000_000n,
      toAmountMax: AMOUNT_MAX,
    },
  },
  expiry_out_of_range: {
    ...refused,
    status: 422,
    title: 'Expiry out of range',
    meaning: 'The expiry is in the past, or later than the operator allows.',
    remedy: 'Choose an expiry in the future, at most `ttlMsMax` milliseconds from now.',
    fields: { ttlMsMax: { kind: 'integer', meaning: 'The longest lifetime of a hold, in milliseconds.' } },
    explain(rejection, speech) {
      return `A hold must expire in the future, at most ${speech.duration(rejection.ttlMsMax)} from now.`
    },
    example: { ttlMsMax: 2_592_000_000 },
  },
  hold_not_found: {
    ...refused,
    status: 404,
    title: 'Hold not found',
    meaning: 'No freeze or charge with this request id was applied.',
    remedy: 'Check the id. It is the request id of the freeze, and must be percent-encoded in a path.',
    fields: { hold },
    explain(rejection) {
      return `There is no hold "${rejection.hold}".`
    },
    example: { hold: 'job-616' },
  },
  changed_meanwhile: changedMeanwhile,
  hold_not_open: {
    ...refused,
    status: 409,
    title: 'Hold is not open',
    meaning: 'The hold has already ended, and this command is not a repeat of the command that ended it.',
    remedy:
      'Read the hold. If it has expired, a settle with `late: true` takes the cost from `available`, once. If it was released too ' +
      'early, take the cost with a charge.',
    fields: {
      hold,
      state: { kind: 'text', meaning: 'How it ended: `settled`, `released` or `expired`.' },
      settled: { kind: 'amount', meaning: 'The amount that the payee received.' },
    },
    explain({ hold, state, settled }, speech) {
      const amount = speech.amount(settled, null)
      const end = `The hold "${hold}" ${ENDED[state]}`
      if (state === 'settled') return `${end} with ${amount}.`
      return settled === 0n ? `${end}.` : `${end}; ${amount} were settled.`
    },
    example: { hold: 'job-616', state: 'settled', settled: 500n },
  },
  hold_not_due: {
    ...refused,
    status: 409,
    title: 'Hold is not due',
    meaning:
      'The sweeper tried to end the hold, but another command had moved its expiry to a later time. Only the sweeper gets this ' +
      'rejection.',
    remedy: 'Nothing to do.',
    fields: { hold, expiresAt: { kind: 'integer', meaning: 'The expiry, in milliseconds since 1970.' } },
    explain(rejection) {
      return `The hold "${rejection.hold}" does not expire before ${new Date(rejection.expiresAt).toISOString()}.`
    },
    example: { hold: 'job-616', expiresAt: 1_896_091_200_000 },
  },
  payee_fixed: {
    ...refused,
    status: 409,
    title: 'Payee is fixed',
    meaning: 'A part of the hold was already settled. Everything that is settled from a hold goes to one payee.',
    remedy:
      'Leave out `payee`, or use the payee of the hold. To pay another account, use a charge or a hold of its own.',
    fields: { hold, payee: { kind: 'text', meaning: 'The payee of the hold.' } },
    explain(rejection) {
      return `The payee of the hold "${rejection.hold}" is fixed: "${rejection.payee}" has already received a part.`
    },
    example: { hold: 'job-616', payee: '@revenue' },
  },
  settle_above_hold: {
    ...refused,
    status: 409,
    title: 'Settle exceeds the hold',
    meaning:
      'The settle asks for more than is held, with `overage: reject`. A late settle asks for more than was held at the expiry.',
    remedy:
      'Settle a smaller amount, or set `overage` to `cap` (take only what is held) or `draw` (take the rest from `available`).',
    fields: {
      hold,
      held: {
        kind: 'amount',
        meaning: 'The amount that is held. After the expiry: the amount that the expiry released.',
      },
    },
    explain({ hold, held }, speech) {
      return `The hold "${hold}" has only ${speech.amount(held, null)}.`
    },
    example: { hold: 'job-616', held: 616n },
  },
  amend_out_of_range: {
    ...refused,
    status: 409,
    title: 'Amend out of range',
    meaning:
      'The new total is less than the amount that parts have already taken from the hold, less than 1, or more than the largest amount.',
    remedy:
      'Choose a total from `minimum` to `maximum`. With the amount that parts have taken, nothing is held any more. To end the hold, ' +
      'settle or release it.',
    fields: {
      hold,
      minimum: { kind: 'amount', meaning: 'The smallest possible total: 1, or the amount that parts have taken.' },
      maximum: { kind: 'amount', meaning: 'The largest possible total.' },
    },
    explain({ hold, minimum, maximum }, speech) {
      const taken = minimum > 1n ? ', which parts have already taken,' : ''
      return `The total of the hold "${hold}" must be at least ${speech.amount(minimum, null)}${taken} and at most ${speech.amount(maximum, null)}.`
    },
    example: { hold: 'job-616', minimum: 200n, maximum: AMOUNT_MAX },
  },
  refund_above_settled: {
    ...refused,
    status: 409,
    title: 'Refund exceeds the settled amount',
    meaning: 'The refunds of the hold, or of the charge, together would be more than was settled.',
    remedy: 'Refund at most `settled` − `refunded`.',
    fields: {
      hold,
      settled: { kind: 'amount', meaning: 'The amount that the payee received.' },
      refunded: { kind: 'amount', meaning: 'The amount that was already refunded.' },
    },
    explain({ hold, settled, refunded }, speech) {
      return `${speech.amount(settled, null)} were settled under "${hold}"; ${speech.amount(refunded, null)} of them were already refunded.`
    },
    example: { hold: 'job-616', settled: 500n, refunded: 480n },
  },
  insufficient_funds: {
    ...refused,
    status: 402,
    title: 'Insufficient funds',
    meaning: 'The command would take `available` below the floor. Held coins cannot be spent.',
    remedy:
      'Deposit first, use a smaller amount, or give the account a lower floor (a credit limit). If `held` is not 0, ' +
      '`GET /v1/holds?account=ACCOUNT&state=open` lists the open holds; `detail` contains the path. A settle, a release or an amend ' +
      'returns coins that a hold no longer needs. For a refund, the account is the payee.',
    fields: {
      account,
      asset,
      available: { kind: 'amount', meaning: 'The available coins, without the room that a negative floor adds.' },
      held: { kind: 'amount', meaning: 'The coins that open holds have set aside.' },
      floor: { kind: 'amount', meaning: 'The lowest value that `available` may reach.' },
      required: { kind: 'amount', meaning: 'The amount that the command needs from `available`.' },
    },
    explain({ account, asset, floor, ...amounts }, speech) {
      const [available, held, required] = [amounts.available, amounts.held, amounts.required].map((each) =>
        speech.amount(each, asset),
      )
      const limit = floor === 0n ? '' : ` with a floor of ${speech.amount(floor, asset)}`
      const list = speech.openHolds(account, asset)
      const lists = list === null ? '' : `; ${list} lists the holds`
      const more = amounts.held === 0n ? '' : ` ${held} more are held${lists}.`
      return `"${account}" has ${available} ${asset} available${limit}; ${required} are needed.${more}`
    },
    example: {
      account: 'user:8',
      asset: 'credit',
      available: 384n,
      held: 616n,
      floor: 0n,
      required: 500n,
    },
  },
  floor_above_available: {
    ...refused,
    status: 409,
    title: 'Floor above available',
    meaning: 'The new floor is above `available`.',
    remedy: 'Choose a floor that is not above `available`, or deposit first.',
    fields: { account, asset, available: { kind: 'amount', meaning: 'The available coins of the account.' } },
    explain({ account, asset, available }, speech) {
      return `"${account}" has only ${speech.amount(available, asset)} ${asset} available.`
    },
    example: { account: 'user:8', asset: 'credit', available: 384n },
  },
  balance_overflow: {
    ...refused,
    status: 422,
    title: 'Balance overflow',
    meaning:
      'The balance would leave the range of a signed 64-bit integer. If the account is a house account, the supply of the asset is ' +
      'exhausted: none of the stripes that this process writes has room.',
    remedy:
      'Move a smaller amount. Consider an asset with fewer decimal places. If the supply is exhausted, start the process with ' +
      'another `--house-stripe`.',
    fields: { account, asset },
    explain(rejection) {
      const { account, asset } = rejection
      if (!isHouse(account)) return `The ${asset} balance of "${account}" would leave the range of a 64-bit integer.`
      return `The supply of ${asset} is exhausted: none of the stripes of "${account}" that this process writes has room.`
    },
    example: { account: 'user:8', asset: 'credit' },
  },
}

/** The `message` of a `LedgerError` and the `detail` of a problem. */
export function explain(rejection: Rejection, speech: Speech = OF_THE_WIRE): string {
  return REJECTION_PROBLEMS[rejection.code].explain(rejection as never, speech)
}

export function isRejectionCode(code: string): code is RejectionCode {
  return Object.hasOwn(REJECTION_PROBLEMS, code)
}

const ENDED: Readonly<Record<HoldState, string>> = {
  open: 'is open',
  settled: 'was already settled',
  released: 'was already released',
  expired: 'has already expired',
}
