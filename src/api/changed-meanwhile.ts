/** The rejection of "only if unchanged" as callers read it. It has two forms: of a balance, and of a hold. */
import { refused, type RejectionProblem } from './rejection-problem.ts'

export const changedMeanwhile: RejectionProblem<'changed_meanwhile'> = {
  ...refused,
  status: 412,
  title: 'Changed meanwhile',
  meaning:
    'The command was to be applied only if the balance or the hold was unchanged (`ifVersion`, `ifSteps`, `If-Match`), and it has ' +
    'changed. The problem has the fields of the balance or those of the hold, as they are now.',
  remedy:
    'Decide again on what is there now, and send the command with the new version or number of steps. Its request id can be used again.',
  fields: {
    account: { kind: 'text', meaning: 'Of a balance: the account.' },
    asset: { kind: 'text', meaning: 'Of a balance: the code of the asset.' },
    version: { kind: 'integer', meaning: 'Of a balance: its version.' },
    available: { kind: 'amount', meaning: 'Of a balance: the available coins.' },
    floor: { kind: 'amount', meaning: 'Of a balance: the lowest value that `available` may reach.' },
    hold: { kind: 'text', meaning: 'Of a hold: its id.' },
    steps: { kind: 'integer', meaning: 'Of a hold: the number of its changes.' },
    state: { kind: 'text', meaning: 'Of a hold: `open`, `settled`, `released` or `expired`.' },
    settled: { kind: 'amount', meaning: 'Of a hold: the amount that the payee received.' },
    held: {
      kind: 'amount',
      meaning: 'The coins that are set aside: by the open holds of the balance, or by the hold.',
    },
  },
  explain(rejection, speech) {
    if ('hold' in rejection) {
      const { hold, steps, state, held, settled } = rejection
      return `The hold "${hold}" has changed: it has ${steps} step${steps === 1 ? '' : 's'} now, and is ${state} with ${speech.amount(held, null)} held and ${speech.amount(settled, null)} settled.`
    }
    const { account, asset, version, available, held } = rejection
    return `The ${asset} balance of "${account}" has changed: its version is ${version} now, with ${speech.amount(available, asset)} available and ${speech.amount(held, asset)} held.`
  },
  example: { hold: 'job-616', steps: 2, state: 'open', held: 416n, settled: 200n },
}
