/** What the problem `request_id_reused` says, from its documentation. */
import type { Command, CommandKind } from '../../src/domain/command.ts'
import type { Rejection, RejectionCode } from '../../src/domain/outcome.ts'
import type { RequestId } from '../../src/domain/ids.ts'
import { spell } from './spelling.ts'

/** The fields that are not stored as they were sent. */
const NOT_STORED: Readonly<Partial<Record<CommandKind, readonly string[]>>> = {
  open: ['floor'],
  transfer: ['legs'],
  freeze: ['expiresAt', 'expiresInMs'],
  'settle-part': ['amount', 'overage', 'payee'],
  refund: ['amount', 'toTotal'],
  block: ['account'],
  unblock: ['account'],
  merge: ['account', 'into'],
  amend: ['amount', 'by', 'expiresAt', 'expiresInMs', 'onExpiry'],
}

/** They are no part of what a command does. */
const CONDITIONS: readonly string[] = ['ifVersion', 'ifSteps', 'ifReplayed', 'givenBy']

/** An open without a balance has no posting that would name its account. */
function notStored(first: Command): readonly string[] {
  if (first.kind === 'open' && first.asset === null) return ['account', 'floor']
  return NOT_STORED[first.kind] ?? []
}

/** @param first the command that had an effect under the request id */
export function reused(
  command: Command & { readonly requestId: RequestId },
  first: Command,
): Extract<Rejection, { code: RejectionCode & 'request_id_reused' }> {
  const { requestId } = command
  const told = { code: 'request_id_reused', requestId } as const
  if (command.kind !== first.kind) return { ...told, differs: ['kind'], mayDiffer: [] }
  const unknown = notStored(first)
  const [sent, known] = [Object.entries(command), new Map<string, unknown>(Object.entries(first))]
  const differs = sent
    .filter(([name]) => !unknown.includes(name) && !CONDITIONS.includes(name))
    .filter(([name, value]) => spell(known.get(name)) !== spell(value))
    .map(([name]) => name)
    .sort()
  if (differs.length > 0 || unknown.length > 1) return { ...told, differs, mayDiffer: unknown }
  return { ...told, differs: unknown, mayDiffer: [] }
}
