/** Converts any thrown value to a message, a hint and an exit code. */
import { LedgerError, type FaultLike } from '../api/error.ts'
import type { ProblemCode } from '../api/problem.ts'
import { isProblemCode, PROBLEMS } from '../api/problems.ts'
import { DEFAULT_ASSET } from '../domain/ids.ts'
import { EXIT, exitCodeOf, type ExitCode } from './exit-codes.ts'

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
  SourceError: EXIT.fault,
  ListError: EXIT.usage,
}

export function troubleOf(thrown: unknown): Trouble {
  const error = ledgerErrorOf(thrown)
  if (error !== null) return { message: messageOf(error), hint: hintOf(error), exitCode: exitCodeOf(error), error }
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

function messageOf(error: LedgerError): string {
  return error.code === 'invalid_request' ? error.message : `${error.code}: ${error.message}`
}

/** Hints that replace the HTTP remedies of the catalogue. Null: the message itself says what to do. */
const HINTS: Partial<Record<ProblemCode, string | null>> = {
  store_misconfigured: null,
  clock_wrong: null,
  store_unavailable: 'Is the database running? Check the host and the port of the store URL.',
  unknown_asset: 'Declare the asset first: holdfast declare CODE --decimals N. Only credit exists from the start.',
  settle_above_hold:
    'Settle a smaller amount, or add --overage cap (take only what is held) or --overage draw (take the rest from available).',
  hold_not_open:
    'Show it with: holdfast history HOLD. If it has expired, holdfast settle HOLD AMOUNT --late takes the cost from available, once.',
  payee_fixed: 'Leave out --payee.',
  amend_below_settled: 'Use a larger amount. To end the hold: holdfast settle HOLD AMOUNT, or holdfast release HOLD.',
  hold_not_found: 'The id of a hold is the request id of its freeze. List them: holdfast holds --account ACCOUNT.',
  expiry_out_of_range: 'Use another --expires-in.',
  service_unreachable: 'Is the service running? Start it with: holdfast serve',
  route_not_found: 'Check --url. It must be the address of a Holdfast service, without a path.',
  unexpected_answer: 'Check --url. It must be the address of a Holdfast service.',
}

function hintOf(error: LedgerError): string | null {
  if (error.code === 'invalid_request') return null
  const own = error.code === 'insufficient_funds' ? fundsHint(error) : HINTS[error.code]
  const hint = own === undefined ? PROBLEMS[error.code].remedy : own
  const { requestId } = error.details
  if (error.applied === 'no' || typeof requestId !== 'string') return hint
  return `${hint ?? ''}\nThe command may have had an effect. It is safe to repeat it; its request id is ${requestId}.`
}

/** Contains the command that lists the holds of the account. */
function fundsHint({ details: { account, asset, held } }: LedgerError): string {
  const hint =
    'Deposit first, use a smaller amount, or give the account a credit limit: holdfast open ACCOUNT --floor -N.'
  if (typeof held !== 'bigint' || held === 0n) return hint
  const ofAsset = asset === DEFAULT_ASSET ? '' : ` --asset ${String(asset)}`
  return `${hint}\nList the open holds: holdfast holds --account ${String(account)}${ofAsset} --state open`
}

interface AddressInUse {
  readonly code: 'EADDRINUSE'
  readonly port: number
}

function isAddressInUse(thrown: unknown): thrown is AddressInUse {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'EADDRINUSE'
}
