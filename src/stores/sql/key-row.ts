/** Keys as rows of `api_keys`. */
import type { KeyRecord } from '../../access/key.ts'
import { isScope } from '../../access/scope.ts'
import type { Confinement } from '../../domain/confinement.ts'
import { bigOrNull, whole, wholeOrNull, type Row, type SqlValue } from './values.ts'

/** The columns of a new row; its number is given by the database. */
export function newKeyRow(key: Omit<KeyRecord, 'number'>): Readonly<Record<string, SqlValue>> {
  const { within } = key
  return {
    name: key.name,
    hash: key.hash,
    scopes: key.scopes.join(' '),
    within_accounts: listText(within?.accounts),
    within_assets: listText(within?.assets),
    within_amount: within?.amountMax ?? null,
    commands_per_second: key.commandsPerSecond,
    burst: key.burst,
    created_at: key.createdAt,
    expires_at: key.expiresAt,
  }
}

export function keyOf(row: Row): KeyRecord {
  return {
    number: whole(row['number']),
    name: row['name'] as string,
    hash: row['hash'] as string,
    previousHash: row['previous_hash'] as string | null,
    previousUntil: wholeOrNull(row['previous_until']),
    // A scope of a later version is none here.
    scopes: String(row['scopes']).split(' ').filter(isScope),
    within: withinOf(row),
    commandsPerSecond: wholeOrNull(row['commands_per_second']),
    burst: wholeOrNull(row['burst']),
    createdAt: whole(row['created_at']),
    rotatedAt: wholeOrNull(row['rotated_at']),
    expiresAt: wholeOrNull(row['expires_at']),
    lastUsedAt: wholeOrNull(row['last_used_at']),
    revokedAt: wholeOrNull(row['revoked_at']),
  }
}

function withinOf(row: Row): Confinement | null {
  const accounts = listOf(row['within_accounts'])
  const assets = listOf(row['within_assets'])
  const amountMax = bigOrNull(row['within_amount'])
  return accounts === null && assets === null && amountMax === null ? null : { accounts, assets, amountMax }
}

function listText(list: readonly string[] | null | undefined): string | null {
  return list === null || list === undefined ? null : JSON.stringify(list)
}

function listOf(text: unknown): readonly string[] | null {
  return text === null ? null : (JSON.parse(text as string) as string[])
}
