/** Scopes: what a key may do. The table of commands is total by type. */
import type { CommandKind } from '../domain/command.ts'

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
  'keys:admin': 'create, list, rotate and revoke keys: whoever has it can give itself every other scope',
} as const

export type Scope = keyof typeof SCOPE_MEANINGS

export const SCOPES = Object.keys(SCOPE_MEANINGS) as readonly Scope[]

export function isScope(value: unknown): value is Scope {
  return typeof value === 'string' && Object.hasOwn(SCOPE_MEANINGS, value)
}

/** The scopes of which a caller needs one. A refund does not say whether it is of a hold or of a charge, so either scope allows it. */
const COMMAND_SCOPES: { readonly [Kind in CommandKind]: readonly Scope[] } = {
  open: ['accounts:write'],
  block: ['accounts:write'],
  unblock: ['accounts:write'],
  merge: ['accounts:write'],
  deposit: ['deposits:write'],
  charge: ['charges:write'],
  transfer: ['transfers:write'],
  freeze: ['holds:write'],
  settle: ['holds:write'],
  'settle-part': ['holds:write'],
  amend: ['holds:write'],
  release: ['holds:write'],
  refund: ['holds:write', 'charges:write'],
  declare: ['assets:write'],
  house: ['assets:write'],
  rate: ['assets:write'],
}

export function scopesOfCommand(kind: CommandKind): readonly Scope[] {
  return COMMAND_SCOPES[kind]
}

/** What a token may do of what its key may. */
export const TOKEN_SCOPES: readonly Scope[] = ['accounts:read', 'statements:read']
