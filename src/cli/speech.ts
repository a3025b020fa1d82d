/** Messages in the words of the command line: its arguments and options, its commands, and amounts as they are typed. */
import { LedgerError } from '../api/error.ts'
import type { Ledger } from '../api/ledger.ts'
import { explain, isRejectionCode } from '../api/rejection-problems.ts'
import type { Speech } from '../api/speech.ts'
import { DEFAULT_ASSET, type AssetCode } from '../domain/ids.ts'
import type { Rejection } from '../domain/outcome.ts'
import { ageText } from './ages.ts'
import { assetOfHold, type Scales } from './scales.ts'

/** The options that set a field. A field without one is an argument. */
const OPTIONS: Readonly<Record<string, string>> = {
  asset: '--asset',
  accounts: '--accounts',
  amountMax: '--amount-max',
  assets: '--assets',
  burst: '--burst',
  by: '--by',
  commandsPerSecond: '--commands-per-second',
  cursor: '--cursor',
  expiresInMs: '--expires-in',
  floor: '--floor',
  graceMs: '--grace-ms',
  ifSteps: '--if-steps',
  ifVersion: '--if-version',
  limit: '--limit',
  memo: '--memo',
  metadata: '--metadata',
  onExpiry: '--on-expiry-settle',
  overage: '--overage',
  payee: '--payee',
  requestId: '--request-id',
  scopes: '--scopes',
  toAsset: '--to-asset',
  toTotal: '--to-total',
  tolerancePpm: '--tolerance-ppm',
}

/** Fields that the command line cannot send. */
const UNSPOKEN: ReadonlySet<string> = new Set(['expiresAt'])

/** An error whose message is for a person at the command line. `--json` prints the error itself. */
export class SpokenError extends Error {
  override readonly name = 'SpokenError'
  readonly error: LedgerError

  constructor(error: LedgerError, message: string) {
    super(message, { cause: error })
    this.error = error
  }
}

/** The error with a message for a person; anything else as it is. */
export async function spoken(
  thrown: unknown,
  ledger: Pick<Ledger, 'hold' | 'entry'>,
  scales: () => Promise<Scales>,
): Promise<unknown> {
  if (!(thrown instanceof LedgerError)) return thrown
  if (thrown.code === 'invalid_request') return new SpokenError(thrown, withOptions(thrown.message))
  if (!isRejectionCode(thrown.code)) return thrown
  try {
    const rejection = { code: thrown.code, ...thrown.details } as Rejection
    const hold = 'hold' in rejection && hasAmount(thrown) ? rejection.hold : null
    const asset = hold === null ? DEFAULT_ASSET : await assetOfHold(ledger, hold)
    return new SpokenError(thrown, explain(rejection, speechOf(await scales(), asset)))
  } catch {
    // What was refused is more important than how it is said.
    return thrown
  }
}

function hasAmount({ details }: LedgerError): boolean {
  return Object.values(details).some((value) => typeof value === 'bigint')
}

/** @param ofHold the asset of the hold that a rejection names */
function speechOf(scales: Scales, ofHold: AssetCode): Speech {
  return {
    amount: (amount, asset) => scales.text(amount, asset ?? ofHold),
    duration: ageText,
    // The hint says it.
    openHolds: () => null,
    fields: (names) => names.filter((name) => !UNSPOKEN.has(name)).map((name) => OPTIONS[name] ?? name),
  }
}

/** The option for an asset, if it is needed. */
export function optionOf(asset: AssetCode): string {
  return asset === DEFAULT_ASSET ? '' : ` --asset ${asset}`
}

/** A name as a shell takes it. */
export function quoted(name: string): string {
  return /^[\w:./@%+-]+$/.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`
}

/** Messages about invalid fields begin with the name of the field. */
export function withOptions(message: string): string {
  return message.replace(/^[A-Za-z]+\b/, (name) => OPTIONS[name] ?? name)
}
