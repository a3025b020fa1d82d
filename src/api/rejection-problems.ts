/**
 * The rejections as callers read them: title, meaning, remedy, the sentence with its numbers, and an example. In the order of precedence.
 */
import { AMOUNT_MAX } from '../domain/amount.ts'
import type { HoldState } from '../domain/hold.ts'
import { DEFAULT_ASSET, isHouse, type AccountName, type AssetCode } from '../domain/ids.ts'
import type { Rejection, RejectionCode } from '../domain/outcome.ts'
import type { Problem, RejectionFields } from './problem.ts'

type Of<Code extends RejectionCode> = Extract<Rejection, { code: Code }>

interface RejectionProblem<Code extends RejectionCode> extends Problem {
  readonly fields: RejectionFields<Code>
  /** The rejection in words, with its numbers: the `message` of a `LedgerError` and the `detail` of a problem. */
  explain(rejection: Of<Code>): string
  readonly example: Omit<Of<Code>, 'code'>
}

const account = { kind: 'text', meaning: 'The account that is meant.' } as const
const asset = { kind: 'text', meaning: 'The code of the asset that is meant.' } as const
const leaving = { kind: 'text', meaning: 'The code of the asset that the leg leaves in.' } as const
const arriving = { kind: 'text', meaning: 'The code of the asset that it was to arrive in.' } as const
const hold = { kind: 'text', meaning: 'The id of the hold that is meant.' } as const
const refused = { retryable: false, applied: 'no', retryAfterMs: null } as const

export const REJECTION_PROBLEMS: { readonly [Code in RejectionCode]: RejectionProblem<Code> } = {
  batch_aborted: {
    ...refused,
    status: 409,
    title: 'Batch aborted',
    meaning: 'Another command of the same atomic batch was refused, so this one had no effect either.',
    remedy: 'See the outcome of the command that was refused with `because`.',
    fields: { because: { kind: 'text', meaning: 'The code that the other command was refused with.' } },
    explain(rejection) {
      return `Another command of the atomic batch was refused: ${rejection.because}.`
    },
    example: { because: 'insufficient_funds' },
  },
  request_id_reused: {
    ...refused,
    status: 422,
    title: 'Request id used before with other contents',
    meaning: 'The request id belongs to a command with other contents. A request id has one effect, for ever.',
    remedy: 'Repeat the first command exactly to get its answer again, or choose a new request id.',
    fields: { requestId: { kind: 'text', meaning: 'The request id.' } },
    explain(rejection) {
      return `The request id "${rejection.requestId}" was used before with other contents.`
    },
    example: { requestId: 'job-616' },
  },
  unknown_asset: {
    ...refused,
    status: 422,
    title: 'Unknown asset',
    meaning: 'The asset has not been declared.',
    remedy: 'Declare it with `PUT /v1/assets/{code}`; only `credit` exists from the start.',
    fields: { asset },
    explain(rejection) {
      return `The asset "${rejection.asset}" has not been declared.`
    },
    example: { asset: 'gems' },
  },
  asset_conflict: {
    ...refused,
    status: 409,
    title: 'Asset exists with other decimals',
    meaning: 'The asset was declared with another number of decimals, which never changes.',
    remedy: 'Declare it with the same number of decimals, or take another code.',
    fields: { asset, decimals: { kind: 'integer', meaning: 'The decimals that the asset has.' } },
    explain(rejection) {
      return `The asset "${rejection.asset}" has ${rejection.decimals} decimals, and they never change.`
    },
    example: { asset: 'gold', decimals: 2 },
  },
  house_account: {
    ...refused,
    status: 403,
    title: 'House account',
    meaning: "The account is the operator's own (its name begins with `@`) and cannot be used for this command.",
    remedy: 'Name an account of a user. House accounts only take part as payees and in transfers.',
    fields: { account },
    explain(rejection) {
      return `The account "${rejection.account}" belongs to the operator and cannot be used for this command.`
    },
    example: { account: '@issuer' },
  },
  same_account: {
    ...refused,
    status: 422,
    title: 'Payer and payee are the same account',
    meaning:
      'Coins cannot move from an account to itself, unless they arrive in another asset; and `@exchange` cannot be a party of ' +
      'what it exchanges.',
    remedy: 'Name another payee.',
    fields: { account },
    explain(rejection) {
      return `Coins cannot move from "${rejection.account}" to itself.`
    },
    example: { account: 'user:8' },
  },
  unknown_rate: {
    ...refused,
    status: 422,
    title: 'Unknown rate',
    meaning: 'No rate between the two assets has been declared. A leg needs one also where it names `toAmount`.',
    remedy: 'Declare it with `PUT /v1/rates/{from}/{to}`. A rate is for one direction.',
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
    meaning: 'At the rate, the amount comes to less than one unit of the asset that it is to arrive in.',
    remedy: 'Send more at once, or declare a rate that rounds up.',
    fields: { asset: leaving, toAsset: arriving, amount: { kind: 'amount', meaning: 'What was to leave.' } },
    explain(rejection) {
      return `${rejection.amount} ${rejection.asset} come to less than one unit of "${rejection.toAsset}".`
    },
    example: { asset: 'star', toAsset: 'gem', amount: 9n },
  },
  outside_tolerance: {
    ...refused,
    status: 422,
    title: 'Outside the tolerance of the rate',
    meaning: 'The `toAmount` of a leg is further from what the rate gives than the rate tolerates.',
    remedy: 'Leave `toAmount` out to get what the rate gives, or ask for an amount nearer to `expected`.',
    fields: {
      asset: leaving,
      toAsset: arriving,
      toAmount: { kind: 'amount', meaning: 'What was asked for.' },
      expected: { kind: 'amount', meaning: 'What the rate gives.' },
      tolerancePpm: { kind: 'integer', meaning: 'How far the two may lie apart, in millionths of `expected`.' },
    },
    explain(rejection) {
      const { toAmount, toAsset, expected, tolerancePpm } = rejection
      return `${toAmount} ${toAsset} are asked for; the rate gives ${expected}, and tolerates ${tolerancePpm} millionths of that.`
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
    meaning: 'At the rate, the amount comes to more of the asset that it is to arrive in than one leg can bring.',
    remedy: 'Send less at once.',
    fields: {
      asset: leaving,
      toAsset: arriving,
      toAmount: { kind: 'amount', meaning: 'What would arrive.' },
      toAmountMax: { kind: 'amount', meaning: 'What one leg can bring at most.' },
    },
    explain(rejection) {
      const { toAmount, toAsset, toAmountMax } = rejection
      return `${toAmount} ${toAsset} would arrive, more than the ${toAmountMax} that one leg can bring.`
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
    meaning: 'The hold would expire in the past, or later than the longest life that the operator allows.',
    remedy: 'Choose an expiry that is at most `ttlMsMax` milliseconds away.',
    fields: { ttlMsMax: { kind: 'integer', meaning: 'The longest life of a hold, in milliseconds.' } },
    explain(rejection) {
      return `A hold lives longer than 0 and at most ${rejection.ttlMsMax} ms.`
    },
    example: { ttlMsMax: 2_592_000_000 },
  },
  hold_not_found: {
    ...refused,
    status: 404,
    title: 'Hold not found',
    meaning: 'No freeze was applied under this request id.',
    remedy: 'Check the id; it is the request id of the freeze, percent-encoded in a path.',
    fields: { hold },
    explain(rejection) {
      return `There is no hold "${rejection.hold}".`
    },
    example: { hold: 'job-616' },
  },
  hold_not_open: {
    ...refused,
    status: 409,
    title: 'Hold is not open',
    meaning: 'The hold has ended already, and not by this same command.',
    remedy:
      'Read the hold. When it expired, `late: true` settles it from what is `available`, once; when it was released too early, the ' +
      'cost can still be taken with a charge.',
    fields: {
      hold,
      state: { kind: 'text', meaning: 'How it ended: `settled`, `released` or `expired`.' },
      settled: { kind: 'amount', meaning: 'What its payee got.' },
    },
    explain(rejection) {
      return `The hold "${rejection.hold}" ${ENDED[rejection.state]} already${
        rejection.settled === 0n && rejection.state !== 'settled' ? '' : ` with ${rejection.settled}`
      }.`
    },
    example: { hold: 'job-616', state: 'settled', settled: 500n },
  },
  hold_not_due: {
    ...refused,
    status: 409,
    title: 'Hold is not due',
    meaning:
      'The hold was to be ended by its expiry, which has not come: somebody extended it. Only Holdfast itself ends holds in this ' +
      'way, so no caller gets this answer.',
    remedy: 'Nothing.',
    fields: { hold, expiresAt: { kind: 'integer', meaning: 'When it expires, in milliseconds since 1970.' } },
    explain(rejection) {
      return `The hold "${rejection.hold}" expires at ${new Date(rejection.expiresAt).toISOString()}, not before.`
    },
    example: { hold: 'job-616', expiresAt: 1_896_091_200_000 },
  },
  payee_fixed: {
    ...refused,
    status: 409,
    title: 'The payee is fixed',
    meaning: 'Something was settled already, and all that is settled of a hold goes to one payee.',
    remedy:
      'Leave `payee` out, or name the one that it is. What somebody else is to get, a charge or another hold can give.',
    fields: { hold, payee: { kind: 'text', meaning: 'Who got what was settled before.' } },
    explain(rejection) {
      return `What the hold "${rejection.hold}" settles goes to "${rejection.payee}", who got a part of it already.`
    },
    example: { hold: 'job-616', payee: '@revenue' },
  },
  settle_above_hold: {
    ...refused,
    status: 409,
    title: 'Settling more than is held',
    meaning:
      'The settle asks for more than the hold has, with `overage: reject`. A late one: for more than the expiry released.',
    remedy: 'Settle less, or choose `overage: cap` (take what is held) or `draw` (take the rest from `available`).',
    fields: { hold, held: { kind: 'amount', meaning: 'What the hold has; when it has expired, what that released.' } },
    explain(rejection) {
      return `The hold "${rejection.hold}" has only ${rejection.held}.`
    },
    example: { hold: 'job-616', held: 616n },
  },
  amend_below_settled: {
    ...refused,
    status: 409,
    title: 'Amending below what was settled',
    meaning: 'The new total is less than what parts have taken out of the hold already.',
    remedy: 'Ask for at least `minimum`; then nothing is held any more. To end the hold, settle or release it.',
    fields: { hold, minimum: { kind: 'amount', meaning: 'The least total that the hold can have.' } },
    explain(rejection) {
      return `The hold "${rejection.hold}" cannot be of less than ${rejection.minimum}: so much was taken out of it already.`
    },
    example: { hold: 'job-616', minimum: 200n },
  },
  refund_above_settled: {
    ...refused,
    status: 409,
    title: 'Refunding more than was settled',
    meaning: 'All refunds of the hold together would be more than was settled of it.',
    remedy: 'Refund at most `settled` − `refunded`.',
    fields: {
      hold,
      settled: { kind: 'amount', meaning: 'What the payee got.' },
      refunded: { kind: 'amount', meaning: 'What went back already.' },
    },
    explain(rejection) {
      const { hold, settled, refunded } = rejection
      return `Of the hold "${hold}", ${settled} were settled, and ${refunded} of them refunded already.`
    },
    example: { hold: 'job-616', settled: 500n, refunded: 480n },
  },
  insufficient_funds: {
    ...refused,
    status: 402,
    title: 'Insufficient funds',
    meaning: 'The command would take `available` below the floor. Coins that are held cannot be spent.',
    remedy:
      'Deposit first, ask for less, or give the account a lower floor (a credit limit). When `held` is not 0, ' +
      '`GET /v1/holds?account=ACCOUNT&state=open` lists what holds it; `detail` has it ready. What such a hold does not need any ' +
      'more, a settle, a release or an amend gives back. Of a refund, the account is the payee.',
    fields: {
      account,
      asset,
      available: { kind: 'amount', meaning: 'What the account can spend, before the floor.' },
      held: { kind: 'amount', meaning: 'What open holds have set aside.' },
      floor: { kind: 'amount', meaning: 'How low `available` may go.' },
      required: { kind: 'amount', meaning: 'What the command would have taken from `available`.' },
    },
    explain(rejection) {
      const { account, asset, available, held, floor, required } = rejection
      const limit = floor === 0n ? '' : ` with a floor of ${floor}`
      const more =
        held === 0n ? '' : ` ${held} more are held by the holds that GET ${openHoldsPath(account, asset)} lists.`
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
    title: 'Floor above what is available',
    meaning: 'The new floor lies above what the account has available.',
    remedy: 'Choose a floor no higher than `available`, or deposit first.',
    fields: { account, asset, available: { kind: 'amount', meaning: 'What the account has available.' } },
    explain(rejection) {
      return `"${rejection.account}" has only ${rejection.available} ${rejection.asset} available.`
    },
    example: { account: 'user:8', asset: 'credit', available: 384n },
  },
  balance_overflow: {
    ...refused,
    status: 422,
    title: 'Balance overflow',
    meaning:
      'The balance would leave the range of a signed 64-bit integer. Of a house account: the supply of the asset is exhausted, ' +
      'because no stripe that this process writes has room for it.',
    remedy:
      'Move less. Consider an asset with fewer decimals. Where the supply is exhausted, start with another `--house-stripe`.',
    fields: { account, asset },
    explain(rejection) {
      const { account, asset } = rejection
      if (!isHouse(account)) return `The ${asset} balance of "${account}" would leave the range of a 64-bit integer.`
      return `The supply of ${asset} is exhausted: none of the stripes of "${account}" that this process writes has room for it.`
    },
    example: { account: 'user:8', asset: 'credit' },
  },
}

/** The `message` of a `LedgerError` and the `detail` of a problem. */
export function explain(rejection: Rejection): string {
  return REJECTION_PROBLEMS[rejection.code].explain(rejection as never)
}

const ENDED: Readonly<Record<HoldState, string>> = {
  open: 'is open',
  settled: 'was settled',
  released: 'was released',
  expired: 'has expired',
}

/** Every character that a name or a code can have may stand in a query as it is. */
function openHoldsPath(account: AccountName, asset: AssetCode): string {
  return `/v1/holds?account=${account}${asset === DEFAULT_ASSET ? '' : `&asset=${asset}`}&state=open`
}
