/** Scopes: what a key may do. command-access.ts has the scopes of commands. */
export const SCOPE_MEANINGS = {
  'holds:write': 'freeze, settle, amend, release and refund holds',
  'deposits:write': 'deposit: make coins',
  'charges:write': 'charge, and refund charges',
  'transfers:write': 'transfer and exchange',
  'accounts:write': 'open, block, unblock and merge accounts',
  'assets:write': 'declare assets, rates and house accounts',
  'accounts:read': 'read accounts, balances and holds',
  'statements:read': 'read statements, entries, the feed and figures, and export statements',
  'metrics:read': 'read the metrics of the service',
  'checks:read':
    'verify the books, examine the database, and compare lists with the ledger, which shows holds and entries',
  'keys:admin': 'create, list, rotate and revoke keys: whoever has it can give itself every other scope',
} as const

export type Scope = keyof typeof SCOPE_MEANINGS

export const SCOPES = Object.keys(SCOPE_MEANINGS) as readonly Scope[]

export function isScope(value: unknown): value is Scope {
  return typeof value === 'string' && Object.hasOwn(SCOPE_MEANINGS, value)
}

/** What a token may do of what its key may. */
export const TOKEN_SCOPES: readonly Scope[] = ['accounts:read', 'statements:read']
