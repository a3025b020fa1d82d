/**
 * The one catalogue of everything that can go wrong: rejections of the rules, faults of the engine, and what the edges
 * (input checks, HTTP, the client's connection) refuse. HTTP statuses, `LedgerError`, the OpenAPI document and
 * docs/reference/problems.md are made from it.
 */
import { FAULT_PROBLEMS } from './fault-problems.ts'
import type { Catalogue, ConnectionCode, ProblemCode, ServiceCode } from './problem.ts'

const CONNECTION: Readonly<Record<ConnectionCode, true>> = { service_unreachable: true, unexpected_answer: true }

const account = { kind: 'text', meaning: 'The account that is meant.' } as const
const asset = { kind: 'text', meaning: 'The code of the asset that is meant.' } as const
const leaving = { kind: 'text', meaning: 'The code of the asset that the leg leaves in.' } as const
const arriving = { kind: 'text', meaning: 'The code of the asset that it was to arrive in.' } as const
const hold = { kind: 'text', meaning: 'The id of the hold that is meant.' } as const
const refused = { retryable: false, applied: 'no', retryAfterMs: null } as const

export const PROBLEMS: Catalogue = {
  invalid_request: {
    ...refused,
    status: 400,
    title: 'Invalid request',
    meaning: 'The request breaks a rule of form: a wrong type, a value out of range, an unknown field, broken JSON.',
    remedy:
      'Correct what `pointer` (in the body) or `parameter` (in the path, query or headers) names, and send it again.',
    fields: {
      pointer: { kind: 'text', meaning: 'JSON pointer (RFC 6901) into the body; empty for the body as a whole.' },
      parameter: { kind: 'text', meaning: 'The name of the path or query parameter, or of the header.' },
    },
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
  },
  house_account: {
    ...refused,
    status: 403,
    title: 'House account',
    meaning: "The account is the operator's own (its name begins with `@`) and cannot be used for this command.",
    remedy: 'Name an account of a user. House accounts only take part as payees and in transfers.',
    fields: { account },
  },
  account_not_found: {
    ...refused,
    status: 404,
    title: 'Account not found',
    meaning: 'No coin and no `open` has ever reached the account.',
    remedy: 'Check the name; names are compared byte by byte. An account appears with its first coin.',
    fields: { account },
  },
  hold_not_found: {
    ...refused,
    status: 404,
    title: 'Hold not found',
    meaning: 'No freeze was applied under this request id.',
    remedy: 'Check the id; it is the request id of the freeze, percent-encoded in a path.',
    fields: { hold },
  },
  entry_not_found: {
    ...refused,
    status: 404,
    title: 'Entry not found',
    meaning: 'The journal has no entry with this id.',
    remedy:
      'An entry has the id of its request; the end of a hold is `HOLD~settle` or `HOLD~release`, its late settle `HOLD~late`.',
    fields: { entry: { kind: 'text', meaning: 'The id that was asked for.' } },
  },
  route_not_found: {
    ...refused,
    status: 404,
    title: 'Route not found',
    meaning: 'The service has nothing at this path.',
    remedy: 'See `/docs` for the routes. A slash inside of an account name or a hold id must be sent as `%2F`.',
    fields: {},
  },
  method_not_allowed: {
    ...refused,
    status: 405,
    title: 'Method not allowed',
    meaning: 'The path exists, but not for this method.',
    remedy: 'Use one of the methods that the `Allow` header lists.',
    fields: { allow: { kind: 'text', meaning: 'The methods of this path, separated by a comma and a space.' } },
  },
  request_timeout: {
    ...refused,
    status: 408,
    title: 'Request timeout',
    retryable: true,
    meaning: 'The request did not arrive whole within the time allowed. It had no effect.',
    remedy: 'Send it again on a new connection.',
    fields: {},
  },
  asset_conflict: {
    ...refused,
    status: 409,
    title: 'Asset exists with other decimals',
    meaning: 'The asset was declared with another number of decimals, which never changes.',
    remedy: 'Declare it with the same number of decimals, or take another code.',
    fields: { asset, decimals: { kind: 'integer', meaning: 'The decimals that the asset has.' } },
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
  },
  payee_fixed: {
    ...refused,
    status: 409,
    title: 'The payee is fixed',
    meaning: 'Something was settled already, and all that is settled of a hold goes to one payee.',
    remedy:
      'Leave `payee` out, or name the one that it is. What somebody else is to get, a charge or another hold can give.',
    fields: { hold, payee: { kind: 'text', meaning: 'Who got what was settled before.' } },
  },
  settle_above_hold: {
    ...refused,
    status: 409,
    title: 'Settling more than is held',
    meaning:
      'The settle asks for more than the hold has, with `overage: reject`. A late one: for more than the expiry released.',
    remedy: 'Settle less, or choose `overage: cap` (take what is held) or `draw` (take the rest from `available`).',
    fields: { hold, held: { kind: 'amount', meaning: 'What the hold has; when it has expired, what that released.' } },
  },
  amend_below_settled: {
    ...refused,
    status: 409,
    title: 'Amending below what was settled',
    meaning: 'The new total is less than what parts have taken out of the hold already.',
    remedy: 'Ask for at least `minimum`; then nothing is held any more. To end the hold, settle or release it.',
    fields: { hold, minimum: { kind: 'amount', meaning: 'The least total that the hold can have.' } },
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
  },
  floor_above_available: {
    ...refused,
    status: 409,
    title: 'Floor above what is available',
    meaning: 'The new floor lies above what the account has available.',
    remedy: 'Choose a floor no higher than `available`, or deposit first.',
    fields: { account, asset, available: { kind: 'amount', meaning: 'What the account has available.' } },
  },
  batch_aborted: {
    ...refused,
    status: 409,
    title: 'Batch aborted',
    meaning: 'Another command of the same atomic batch was refused, so this one had no effect either.',
    remedy: 'See the outcome of the command that was refused with `because`.',
    fields: { because: { kind: 'text', meaning: 'The code that the other command was refused with.' } },
  },
  payload_too_large: {
    ...refused,
    status: 413,
    title: 'Payload too large',
    meaning: 'The body is larger than the service accepts.',
    remedy: 'Send fewer commands per batch. The limit is 1 MiB unless the operator chose another.',
    fields: {},
  },
  unsupported_media_type: {
    ...refused,
    status: 415,
    title: 'Unsupported media type',
    meaning: 'The body is not sent as `application/json`, or under a `Content-Encoding`.',
    remedy: 'Send JSON with `Content-Type: application/json`, not packed.',
    fields: {},
  },
  request_id_reused: {
    ...refused,
    status: 422,
    title: 'Request id used before with other contents',
    meaning: 'The request id belongs to a command with other contents. A request id has one effect, for ever.',
    remedy: 'Repeat the first command exactly to get its answer again, or choose a new request id.',
    fields: { requestId: { kind: 'text', meaning: 'The request id.' } },
  },
  unknown_asset: {
    ...refused,
    status: 422,
    title: 'Unknown asset',
    meaning: 'The asset has not been declared.',
    remedy: 'Declare it with `PUT /v1/assets/{code}`; only `credit` exists from the start.',
    fields: { asset },
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
  },
  unknown_rate: {
    ...refused,
    status: 422,
    title: 'Unknown rate',
    meaning: 'No rate between the two assets has been declared. A leg needs one also where it names `toAmount`.',
    remedy: 'Declare it with `PUT /v1/rates/{from}/{to}`. A rate is for one direction.',
    fields: { asset: leaving, toAsset: arriving },
  },
  rounds_to_nothing: {
    ...refused,
    status: 422,
    title: 'Rounds to nothing',
    meaning: 'At the rate, the amount comes to less than one unit of the asset that it is to arrive in.',
    remedy: 'Send more at once, or declare a rate that rounds up.',
    fields: { asset: leaving, toAsset: arriving, amount: { kind: 'amount', meaning: 'What was to leave.' } },
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
  },
  expiry_out_of_range: {
    ...refused,
    status: 422,
    title: 'Expiry out of range',
    meaning: 'The hold would expire in the past, or later than the longest life that the operator allows.',
    remedy: 'Choose an expiry that is at most `ttlMsMax` milliseconds away.',
    fields: { ttlMsMax: { kind: 'integer', meaning: 'The longest life of a hold, in milliseconds.' } },
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
  },
  headers_too_large: {
    ...refused,
    status: 431,
    title: 'Headers too large',
    meaning: 'The request line and headers are larger than the service accepts.',
    remedy: 'Send fewer or shorter headers.',
    fields: {},
  },
  ...FAULT_PROBLEMS,
}

/** Those that a service answers. */
export const SERVICE_CODES: readonly ServiceCode[] = (Object.keys(PROBLEMS) as ProblemCode[]).filter(isServiceCode)

export function isServiceCode(code: ProblemCode): code is ServiceCode {
  return !Object.hasOwn(CONNECTION, code)
}

export function isProblemCode(value: unknown): value is ProblemCode {
  return typeof value === 'string' && Object.hasOwn(PROBLEMS, value)
}

/** The `type` of a problem (RFC 9457). It names the code, and is not meant to be fetched. */
export function problemType(code: ProblemCode): string {
  return `urn:holdfast:problem:${code}`
}
