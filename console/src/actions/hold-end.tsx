/**
 * Ends of a hold by an operator, and refunds. Each is sent for the hold as it was shown (`ifSteps`): if it has changed since, nothing is
 * done, so what was previewed is what happens.
 */
import { useState } from 'react'
import type { HoldWire } from '../../../src/api/hold.ts'
import type { BatchWire } from '../../../src/api/outcome-schemas.ts'
import { CallError, write } from '../call.ts'
import { amountText } from '../figures.ts'
import { useDecimals } from '../queries.ts'
import { capital, useWords } from '../words/words.ts'
import { Action, type Sent } from './action.tsx'
import { AmountField, useWritten } from './amount-field.tsx'

export interface HoldActionProps {
  readonly hold: HoldWire
  readonly onClose: () => void
}

type Answered = HoldWire & { readonly replayed: boolean }

export function SettleAction({ hold, onClose }: HoldActionProps) {
  const words = useWords()
  const { asset } = hold
  const [text, setText] = useState('')
  const [held, settled] = [BigInt(hold.held), BigInt(hold.settled)]
  const written = useWritten(text, asset, { most: held })
  const amount = written.amount ?? 0n
  return (
    <Action
      title={words.settleTitle}
      hint={words.settleHint}
      submitText={written.flaw === null ? words.settleDo(written.text) : words.settle}
      flaw={written.flaw}
      effects={[
        { name: words.held, asset, before: held, after: 0n },
        { name: `${capital(words.settled)} → ${hold.payee}`, asset, before: settled, after: settled + amount },
        {
          name: `${capital(words.released)} → ${hold.account}`,
          asset,
          before: BigInt(hold.released),
          after: BigInt(hold.released) + held - amount,
        },
      ]}
      onClose={onClose}
      send={(requestId, memo) => settle(hold, { requestId, memo, amount: String(amount) })}
    >
      <AmountField value={text} onChange={setText} asset={asset} />
    </Action>
  )
}

/**
 * An end that settles keeps no memo, and a part does. So the cost is settled as a part, with the reason, and the hold ends in the same
 * atomic batch.
 */
async function settle(
  { id, steps }: HoldWire,
  part: { readonly requestId: string; readonly memo: string; readonly amount: string },
): Promise<Sent> {
  const commands = [
    { kind: 'settle', hold: id, final: false, ifSteps: steps, ...part },
    { kind: 'settle', hold: id, amount: '0', ifSteps: steps + 1 },
  ]
  const { outcomes } = await write<BatchWire>('POST', ['v1', 'batches'], { atomic: true, commands })
  const refused = outcomes.find(
    (outcome) => outcome.status !== 'applied' && problemOf(outcome)['code'] !== 'batch_aborted',
  )
  if (refused !== undefined) throw new CallError(200, problemOf(refused))
  return {
    entry: part.requestId,
    replayed: outcomes.every((outcome) => outcome.status === 'applied' && outcome.replayed),
  }
}

function problemOf(outcome: BatchWire['outcomes'][number]): Readonly<Record<string, unknown>> {
  return 'problem' in outcome ? outcome.problem : {}
}

export function ReleaseAction({ hold, onClose }: HoldActionProps) {
  const words = useWords()
  const decimals = useDecimals(hold.asset)
  const held = BigInt(hold.held)
  const send = async (): Promise<Sent> => {
    const body = { ifSteps: hold.steps }
    const { replayed } = await write<Answered>('POST', ['v1', 'holds', hold.id, 'release'], body)
    return { entry: null, replayed }
  }
  return (
    <Action
      title={words.releaseTitle}
      hint={words.releaseHint}
      submitText={decimals === null ? words.release : words.releaseDo(`${amountText(held, decimals)} ${hold.asset}`)}
      hasReason={false}
      isDanger
      effects={[
        { name: words.held, asset: hold.asset, before: held, after: 0n },
        {
          name: `${capital(words.released)} → ${hold.account}`,
          asset: hold.asset,
          before: BigInt(hold.released),
          after: BigInt(hold.released) + held,
        },
      ]}
      onClose={onClose}
      send={send}
    />
  )
}

export function RefundAction({ hold, onClose }: HoldActionProps) {
  const words = useWords()
  const { asset } = hold
  const [text, setText] = useState('')
  const refunded = BigInt(hold.refunded)
  const written = useWritten(text, asset, { most: BigInt(hold.settled) - refunded })
  const send = async (requestId: string, memo: string): Promise<Sent> => {
    const body = { requestId, memo, amount: String(written.amount), ifSteps: hold.steps }
    const { replayed } = await write<Answered>('POST', ['v1', 'holds', hold.id, 'refund'], body)
    return { entry: requestId, replayed }
  }
  return (
    <Action
      title={words.refundTitle}
      hint={words.refundHint(hold.payee)}
      submitText={written.flaw === null ? words.refundDo(written.text) : words.refund}
      flaw={written.flaw}
      effects={[
        {
          name: `${words.refunded} → ${hold.account}`,
          asset,
          before: refunded,
          after: refunded + (written.amount ?? 0n),
        },
      ]}
      onClose={onClose}
      send={send}
    >
      <AmountField value={text} onChange={setText} asset={asset} />
    </Action>
  )
}
