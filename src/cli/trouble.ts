/** From whatever was thrown to what the user reads, and the exit code. */
import { LedgerError, type FaultLike } from '../api/error.ts'
import type { ProblemCode } from '../api/problem.ts'
import { isProblemCode, PROBLEMS } from '../api/problems.ts'
import { DEFAULT_ASSET } from '../domain/ids.ts'
import { EXIT, exitCodeOf, type ExitCode } from './exit-codes.ts'

export interface Trouble {
  readonly message: string
  /** What to do about it, when that is known. */
  readonly hint: string | null
  readonly exitCode: ExitCode
  /** The problem as programs read it, when it is one of the catalogue. */
  readonly error: LedgerError | null
}

/** By name: importing their classes would load every store before `--help` is printed. */
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
    return { message: `Port ${thrown.port} is in use already.`, hint, exitCode: EXIT.fault, error: null }
  }
  const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  return { message, hint: 'This is a defect of Holdfast. Please report it.', exitCode: EXIT.fault, error: null }
}

/** Faults reach the command line where it asks the store itself, as `verify` does. */
function ledgerErrorOf(thrown: unknown): LedgerError | null {
  if (thrown instanceof LedgerError) return thrown
  const isFault = thrown instanceof Error && thrown.name === 'Fault' && 'code' in thrown && isProblemCode(thrown.code)
  return isFault ? LedgerError.fromFault(thrown as Error & FaultLike) : null
}

function messageOf(error: LedgerError): string {
  return error.code === 'invalid_request' ? error.message : `${error.code}: ${error.message}`
}

/** Where the catalogue speaks of HTTP, the command line has words of its own; null where the message itself says what to do. */
const HINTS: Partial<Record<ProblemCode, string | null>> = {
  store_misconfigured: null,
  clock_wrong: null,
  store_unavailable: 'Is the database running? Check the host and the port of the store URL.',
  unknown_asset: 'Declare it first: holdfast declare CODE --decimals N. Only credit exists from the start.',
  settle_above_hold:
    'Settle less, or add --overage cap (take what is held) or --overage draw (take the rest from available).',
  hold_not_open:
    'Look at it: holdfast history HOLD. If it has expired, holdfast settle HOLD AMOUNT --late takes what there is, once.',
  payee_fixed: 'Leave --payee out.',
  amend_below_settled: 'Ask for more. To end the hold: holdfast settle HOLD AMOUNT, or holdfast release HOLD.',
  hold_not_found: 'The id of a hold is the request id of its freeze. List them: holdfast holds --account ACCOUNT.',
  expiry_out_of_range: 'Choose another --expires-in.',
  service_unreachable: 'Is it running? Start one with: holdfast serve',
  route_not_found: 'Check --url: it is the address of a Holdfast service, without a path.',
  unexpected_answer: 'Check --url: it is the address of a Holdfast service.',
}

function hintOf(error: LedgerError): string | null {
  if (error.code === 'invalid_request') return null
  const own = error.code === 'insufficient_funds' ? fundsHint(error) : HINTS[error.code]
  const hint = own === undefined ? PROBLEMS[error.code].remedy : own
  const { requestId } = error.details
  if (error.applied === 'no' || typeof requestId !== 'string') return hint
  return `${hint ?? ''}\nIt may have been applied. Repeat it to be sure; its request id is ${requestId}.`
}

/** With the command that lists what holds the rest, ready to be run. */
function fundsHint({ details: { account, asset, held } }: LedgerError): string {
  const hint = 'Deposit first, ask for less, or give the account a credit limit: holdfast open ACCOUNT --floor -N.'
  if (typeof held !== 'bigint' || held === 0n) return hint
  const ofAsset = asset === DEFAULT_ASSET ? '' : ` --asset ${String(asset)}`
  return `${hint}\nWhat is held: holdfast holds --account ${String(account)}${ofAsset} --state open`
}

interface AddressInUse {
  readonly code: 'EADDRINUSE'
  readonly port: number
}

function isAddressInUse(thrown: unknown): thrown is AddressInUse {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'EADDRINUSE'
}
