/** The rejections of request ids that were used before: with other contents, and by the same request. */
import { refused, type RejectionProblem } from './rejection-problem.ts'
import { namesText } from './speech.ts'

export const REPEAT_PROBLEMS: {
  readonly [Code in 'request_id_reused' | 'request_replayed']: RejectionProblem<Code>
} = {
  request_id_reused: {
    ...refused,
    status: 422,
    title: 'Request id already used with different contents',
    meaning:
      'The request id belongs to a command with different contents. A request id has one effect, forever. The stored row shows which ' +
      'fields differ, except those that are not stored as they were sent.',
    remedy: 'Repeat the first command exactly to get its answer again, or use a new request id.',
    fields: {
      requestId: { kind: 'text', meaning: 'The request id.' },
      differs: {
        kind: 'list of texts',
        meaning:
          'The fields that certainly differ from the first command; only `kind` if it was another kind of command.',
      },
      mayDiffer: {
        kind: 'list of texts',
        meaning: 'The fields of which the first values are not stored. If `differs` is empty, one of them differs.',
      },
    },
    explain({ requestId, differs, mayDiffer }, speech) {
      const used = `The request id "${requestId}" was already used`
      if (differs.includes('kind')) return `${used} by another kind of command.`
      if (differs.length > 0) return `${used} with a different ${namesText(speech.fields(differs), 'and')}.`
      return mayDiffer.length > 0
        ? `${used} with a different ${namesText(speech.fields(mayDiffer), 'or')}.`
        : `${used} with different contents.`
    },
    example: { requestId: 'job-616', differs: ['amount'], mayDiffer: ['expiresAt', 'expiresInMs'] },
  },
  request_replayed: {
    ...refused,
    status: 409,
    title: 'Repeat refused',
    meaning:
      'The request had its effect before, and it asked with `ifReplayed: refuse` to be refused in that case. Nothing was done now. If ' +
      '`applied` is `unknown`, an earlier attempt of this same call may have had the effect: its answer was lost.',
    remedy:
      'Leave the work to the first caller. If `applied` is `unknown`, compare `at` and the hold with what you know, or send the command ' +
      'with `ifReplayed: answer`, which returns the first answer.',
    fields: {
      at: { kind: 'integer', meaning: 'When the first request had its effect, in milliseconds since 1970.' },
      hold: { kind: 'text', meaning: 'The id of the hold; null for a command without a hold, like the next three.' },
      state: { kind: 'text', meaning: 'The state of the hold now.' },
      held: { kind: 'amount', meaning: 'The coins that the hold has set aside now.' },
      settled: { kind: 'amount', meaning: 'The amount that has been settled of it by now.' },
    },
    explain({ at, hold, state, held, settled }, speech) {
      const first = `The request had its effect at ${new Date(at).toISOString()}, and repeats are to be refused.`
      return hold === null
        ? first
        : `${first} The hold "${hold}" is ${state} now: ${speech.amount(held!, null)} held, ${speech.amount(settled!, null)} settled.`
    },
    example: { at: 1_896_091_200_000, hold: 'job-616', state: 'settled', held: 0n, settled: 500n, applied: 'no' },
  },
}
