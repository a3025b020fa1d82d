/** The views of keys on a terminal. */
import { SCOPES } from '../access/scope.ts'
import type { Key, PageView } from '../api/ledger.ts'
import { fieldTable, listTable, styled } from './tables.ts'
import { visible } from './visible.ts'
import { instant, more, none } from './views.ts'

export function keyView(key: Key): string {
  const { name, number, scopes, createdAt, rotatedAt, previousUntil, expiresAt, lastUsedAt, revokedAt } = key
  return fieldTable([
    ['key', styled('bold', name)],
    ['number', number],
    ['scopes', scopes.join(', ')],
    ['accounts', key.accounts === null ? null : prefixesText(key.accounts)],
    ['assets', key.assets === null ? null : key.assets.join(', ')],
    ['amount at most', key.amountMax === null ? null : `${key.amountMax} minor units`],
    ['commands per second', key.commandsPerSecond],
    ['burst', key.burst],
    ['made', instant(createdAt)],
    ['rotated', at(rotatedAt)],
    ['previous secret until', at(previousUntil)],
    ['expires', at(expiresAt)],
    ['last used', at(lastUsedAt)],
    ['revoked', at(revokedAt)],
  ])
}

export function keysView({ items, next }: PageView<Key>): string {
  if (items.length === 0) return none('keys', next)
  const rows = items.map((key) => [
    key.name,
    stateOf(key),
    key.scopes.length === SCOPES.length ? 'all' : key.scopes.join(', '),
    boundsOf(key),
    at(key.expiresAt) ?? '',
    at(key.lastUsedAt) ?? 'never',
  ])
  return listTable(['key', 'state', 'scopes', 'confined to', 'expires', 'last used'], rows) + more(next)
}

function stateOf({ revokedAt, expiresAt }: Key): string {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && expiresAt <= Date.now() ? 'expired' : 'valid'
}

function boundsOf({ accounts, assets, amountMax }: Key): string {
  const bounds = [
    accounts === null ? null : prefixesText(accounts),
    assets === null ? null : assets.join(', '),
    amountMax === null ? null : `${amountMax} at most`,
  ]
  return bounds.filter((bound) => bound !== null).join('; ')
}

/** Prefixes may contain commas and end with spaces. */
function prefixesText(prefixes: readonly string[]): string {
  return prefixes.map((prefix) => `${visible(prefix)}*`).join(', ')
}

function at(ms: number | null): string | null {
  return ms === null ? null : instant(ms)
}
