/** Commands that write: what they do with a repeat, and how they show their answers. */
import { Option, type Command } from 'commander'
import type { Answered, FrozenHold } from '../api/answered.ts'
import { contractOf } from '../api/contracts.ts'
import type { Answer, CommandKind } from '../domain/command.ts'
import type { Hold } from '../domain/hold.ts'
import { IF_REPLAYED, type IfReplayed } from '../domain/if-replayed.ts'
import type { Scales } from './scales.ts'
import { addLedgerCommand, type Answered as Output, type TargetFlags } from './target.ts'

export interface WriteFlags extends TargetFlags {
  readonly ifReplayed?: IfReplayed
}

/** Adds a command that writes. */
export function addWriteCommand(program: Command, usage: string, meaning: string): Command {
  return addLedgerCommand(program, usage, meaning).addOption(
    new Option(
      '--if-replayed <what>',
      'if the request had its effect before: answer as the first time, or refuse (default: answer)',
    ).choices(IF_REPLAYED),
  )
}

/** The answer as over HTTP, or `view` and what it does not show: whether it is a repeat. */
export function shownAnswer(
  kind: CommandKind,
  answer: Answered<Answer> | FrozenHold,
  view: (scales: Scales) => string,
): Output {
  const wire = contractOf(kind).answered.toWire(answer)
  if (!answer.replayed) return { wire, view }
  return { wire, view: (scales) => `${view(scales)}\n\n${repeatText(answer, scales)}` }
}

function repeatText(answer: Answered<Answer> | FrozenHold, scales: Scales): string {
  const first = 'A repeat: this is the first answer again, nothing was done now.'
  return 'current' in answer && answer.current !== null ? `${first}\n${currentText(answer.current, scales)}` : first
}

function currentText({ id, asset, state, ...amounts }: Hold, scales: Scales): string {
  const [held, settled, released] = [amounts.held, amounts.settled, amounts.released].map((amount) =>
    scales.text(amount, asset),
  )
  return `The hold "${id}" is ${state} now: ${held} held, ${settled} settled, ${released} released.`
}
