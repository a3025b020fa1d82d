/** What the OpenAPI document shows: one call that was allowed 616 and did cost 500. */

export const FROZEN_AT = '2030-01-31T12:00:00.000Z'
export const SETTLED_AT = '2030-01-31T12:00:07.250Z'

export const BALANCE_EXAMPLE = {
  account: 'user:8',
  asset: 'credit',
  available: '9384',
  held: '616',
  total: '10000',
  floor: '0',
  version: 2,
}

export const HOLD_EXAMPLE = {
  id: 'job-616',
  account: 'user:8',
  asset: 'credit',
  payee: '@revenue',
  state: 'settled',
  amount: '616',
  held: '0',
  settled: '500',
  released: '116',
  drawn: '0',
  shortfall: '0',
  refunded: '0',
  settledLate: '0',
  onExpiry: null,
  expiresAt: '2030-01-31T12:15:00.000Z',
  createdAt: FROZEN_AT,
  endedAt: SETTLED_AT,
  metadata: { model: 'llama-70b' },
}

export const HISTORY_EXAMPLE = {
  number: 1,
  kind: 'settle',
  entry: 'job-616~settle',
  at: SETTLED_AT,
  hold: HOLD_EXAMPLE,
}

export const RATE_EXAMPLE = {
  from: 'star',
  to: 'gem',
  version: 3,
  numerator: '1',
  denominator: '10',
  rounding: 'down',
  tolerancePpm: 0,
  declaredAt: FROZEN_AT,
}

export const POSTING_EXAMPLES = [
  {
    entryId: 'job-616~settle',
    kind: 'settle',
    account: 'user:8',
    asset: 'credit',
    stripe: 0,
    version: 3,
    availableDelta: '116',
    heldDelta: '-616',
    available: '9500',
    held: '0',
    at: SETTLED_AT,
  },
  {
    entryId: 'job-616~settle',
    kind: 'settle',
    account: '@revenue',
    asset: 'credit',
    stripe: 0,
    version: 1,
    availableDelta: '500',
    heldDelta: '0',
    available: '500',
    held: '0',
    at: SETTLED_AT,
  },
]
