/** Who pays for a call, as `providerOptions.holdfast` says it. */
import { LedgerError } from '../api/error.ts'
import type { CallIds } from './call-ids.ts'
import type { CallOptions, Metering } from './credits-options.ts'

const FIELDS: readonly string[] = ['account', 'requestId', 'metadata']

/** @throws LedgerError `invalid_request` if the options are missing or malformed; the ledger checks names and metadata */
export function payerOf(
  providerOptions: Readonly<Record<string, unknown>> | undefined,
  { ids }: Pick<Metering, 'ids'>,
): { readonly options: CallOptions; readonly ids: CallIds } {
  const options = providerOptions?.['holdfast']
  if (typeof options !== 'object' || options === null) {
    const message = 'The call does not say who pays: providerOptions: { holdfast: { account, requestId } }.'
    throw LedgerError.invalid('/providerOptions/holdfast', message)
  }
  for (const name of Object.keys(options)) {
    if (FIELDS.includes(name)) continue
    throw LedgerError.invalid(
      `/providerOptions/holdfast/${name}`,
      `${name} is no option; they are ${FIELDS.join(', ')}.`,
    )
  }
  const given = options as CallOptions
  if (typeof given.account !== 'string') {
    throw LedgerError.invalid('/providerOptions/holdfast/account', 'account must be the name of the account that pays.')
  }
  return { options: given, ids: ids.of(options, given.requestId) }
}
