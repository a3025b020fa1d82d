/** Converts any thrown value to a message, a hint and an exit code. */
import { LedgerError, type FaultLike } from '../api/error.ts'
import type { ProblemCode } from '../api/problem.ts'
import { isProblemCode, PROBLEMS } from '../api/problems.ts'
import { EXIT, exitCodeOf, type ExitCode } from './exit-codes.ts'
import { optionOf, quoted, SpokenError } from './speech.ts'

export interface Trouble {
  readonly message: string
  /** The advice for the user, if there is any. */
  readonly hint: string | null
  readonly exitCode: ExitCode
  /** The problem for `--json`, if it is in the catalogue. */
  readonly error: LedgerError | null
}

/** Errors by name. Importing their classes would load every store before `--help` is printed. */
const KNOWN: Readonly<Record<string, ExitCode>> = {
  SettingError: EXIT.usage,
  StoreUrlError: EXIT.usage,
  MigrationError: EXIT.fault,
  BackupError: EXIT.fault,
  BridgeError: EXIT.refused,
  SourceError: EXIT.fault,
  MappingError: EXIT.usage,
  ListError: EXIT.usage,
  PriceFileError: EXIT.usage,
  HealthPortError: EXIT.fault,
  VerificationFileError: EXIT.fault,
}

export function troubleOf(thrown: unknown): Trouble {
  const error = thrown instanceof SpokenError ? thrown.error : ledgerErrorOf(thrown)
  const said = thrown instanceof SpokenError ? thrown.message : error?.message
  if (error !== null)
    return { message: messageOf(error, said), hint: hintOf(error), exitCode: exitCodeOf(error), error }
  const exitCode = thrown instanceof Error ? KNOWN[thrown.name] : undefined
  if (exitCode !== undefined) return { message: (thrown as Error).message, hint: null, exitCode, error: null }
  if (isAddressInUse(thrown)) {
    const hint = 'Choose another port with --port, or --port 0 for a free one.'
    return { message: `Port ${thrown.port} is already in use.`, hint, exitCode: EXIT.fault, error: null }
  }
  const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  return { message, hint: 'This is a defect in Holdfast. Please report it.', exitCode: EXIT.fault, error: null }
}

/** A command that uses the store directly, such as `verify`, can get a fault. */
function ledgerErrorOf(thrown: unknown): LedgerError | null {
  if (thrown instanceof LedgerError) return thrown
  const isFault = thrown instanceof Error && thrown.name === 'Fault' && 'code' in thrown && isProblemCode(thrown.code)
  return isFault ? LedgerError.fromFault(thrown as Error & FaultLike) : null
}

function messageOf({ code }: LedgerError, said = ''): string {
  return code === 'invalid_request' ? said : `${code}: ${said}`
}

type Details = LedgerError['details']

/** A name of the problem as it is typed, or the placeholder where it is not known. */
function typed(value: unknown, placeholder: string): string {
  return typeof value === 'string' ? quoted(value) : placeholder
}

/** Hints that replace the HTTP remedies of the catalogue. Null: the message itself says what to do. */
const HINTS: Partial<Record<ProblemCode, string | null | ((details: Details) => string)>> = {
  store_misconfigured: null,
  clock_wrong: null,
  store_unavailable: 'Is the database running? Check the host and the port of the store URL.',
  request_id_reused: 'Repeat the first command exactly to get its answer again, or use another --request-id.',
  unknown_asset: ({ asset }) =>
    `Declare the asset first: holdfast declare ${typed(asset, 'CODE')} --decimals N. Only credit exists from the start.`,
  unknown_account: ({ account }) =>
    `Check the name. To declare a house account: holdfast open ${typed(account, '@NAME')} --house`,
  not_a_house_account: null,
  account_closed: ({ successor }) => `Use ${typed(successor, 'its successor')}, if it is the same person.`,
  account_blocked: ({ account }) => `To unblock it: holdfast unblock ${typed(account, 'ACCOUNT')}`,
  unknown_rate: ({ asset, toAsset }) =>
    `Declare the rate first: holdfast rate put ${typed(asset, 'FROM')} ${typed(toAsset, 'TO')} NUMERATOR:DENOMINATOR. A rate is for one direction.`,
  outside_tolerance: 'Leave out the amount that the receiver gets, to use the converted one, or choose a closer one.',
  settle_above_hold:
    'Settle a smaller amount, or add --overage cap (take only what is held) or --overage draw (take the rest from available).',
  hold_not_open: notOpenHint,
  changed_meanwhile: ({ account, hold }) =>
    `Look at what is there now, and decide again: ${typeof hold === 'string' ? `holdfast history ${hold}` : `holdfast account ${typed(account, 'ACCOUNT')}`}`,
  payee_fixed: 'Leave out --payee.',
  amend_out_of_range: ({ hold }) =>
    `Use another amount. To end the hold: holdfast settle ${typed(hold, 'HOLD')} AMOUNT, or holdfast release ${typed(hold, 'HOLD')}.`,
  refund_above_settled: ({ hold }) => `Refund less. Show the hold with: holdfast hold ${typed(hold, 'HOLD')}`,
  insufficient_funds: fundsHint,
  request_replayed:
    'Leave the work to the first caller. Without --if-replayed refuse, the command returns its first answer, and says how the hold is now.',
  hold_not_found: 'The id of a hold is the request id of its freeze. List them: holdfast holds --account ACCOUNT.',
  expiry_out_of_range: 'Use another --expires-in.',
  unauthenticated:
    'Put a key of the service into HOLDFAST_KEY. Whoever has the database can make one: holdfast keys create NAME --scopes LIST --store URL',
  forbidden: 'Use another key (HOLDFAST_KEY), or make one: holdfast keys create NAME --scopes LIST',
  key_not_found: 'List the keys: holdfast keys list',
  key_exists: ({ key }) => `Give it another secret with: holdfast keys rotate ${typed(key, 'NAME')}`,
  key_ended: 'Make a key with another name: holdfast keys create NAME --scopes LIST',
  too_many_keys: 'End those that are not used: holdfast keys revoke NAME',
  service_unreachable: 'Is the service running? Start it with: holdfast serve',
  route_not_found: 'Check --url. It must be the address of a Holdfast service, without a path.',
  unexpected_answer: 'Check --url. It must be the address of a Holdfast service.',
}

function hintOf(error: LedgerError): string | null {
  if (error.code === 'invalid_request') return null
  const own = HINTS[error.code]
  const hint = typeof own === 'function' ? own(error.details) : own === undefined ? remedyOf(error.code) : own
  const { requestId } = error.details
  if (error.applied === 'no' || typeof requestId !== 'string') return hint
  return `${hint ?? ''}\nThe command may have had an effect. It is safe to repeat it; its request id is ${requestId}.`
}

/** The remedy of the catalogue, without its Markdown. */
function remedyOf(code: ProblemCode): string {
  return PROBLEMS[code].remedy.replaceAll('`', '')
}

function notOpenHint({ hold, state }: Details): string {
  const id = typed(hold, 'HOLD')
  const show = `Show what happened to it: holdfast history ${id}`
  return state === 'expired' ? `${show}\nTake the cost from available, once: holdfast settle ${id} AMOUNT --late` : show
}

/** Contains the command that lists the holds of the account. */
function fundsHint({ account, asset, held }: Details): string {
  const name = typed(account, 'ACCOUNT')
  const ofAsset = typeof asset === 'string' ? optionOf(asset) : ''
  const hint = `Deposit first, use a smaller amount, or give the account a credit limit: holdfast open ${name}${ofAsset} --floor -N`
  if (typeof held !== 'bigint' || held === 0n) return hint
  return `${hint}\nList the open holds: holdfast holds --account ${name}${ofAsset} --state open`
}

interface AddressInUse {
  readonly code: 'EADDRINUSE'
  readonly port: number
}

function isAddressInUse(thrown: unknown): thrown is AddressInUse {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'EADDRINUSE'
}
