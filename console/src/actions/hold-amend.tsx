/** Changing an open hold: its total, or its expiry. */
import { useState } from 'react'
import type { HoldWire } from '../../../src/api/hold.ts'
import { write } from '../call.ts'
import { amountText } from '../figures.ts'
import { TextField } from '../parts/field.tsx'
import { useDecimals } from '../queries.ts'
import { useWords } from '../words/words.ts'
import { Action, type Sent } from './action.tsx'
import { AmountField, useWritten } from './amount-field.tsx'
import type { HoldActionProps } from './hold-end.tsx'

const MINUTE_MS = 60_000
const MINUTES = /^[1-9][0-9]{0,5}$/

export function AmendAction({ hold, onClose }: HoldActionProps) {
  const words = useWords()
  const { asset } = hold
  const decimals = useDecimals(asset)
  const [text, setText] = useState('')
  const [minutes, setMinutes] = useState('')
  const least = BigInt(hold.settled) + BigInt(hold.released)
  const written = useWritten(text, asset, { least: least > 0n ? least : 1n })
  const total = BigInt(hold.amount)
  const next = text === '' ? total : (written.amount ?? total)
  const isLonger = minutes !== ''
  const flaw =
    text === '' && !isLonger
      ? words.amendHint
      : text !== '' && written.flaw !== null
        ? written.flaw
        : isLonger && !MINUTES.test(minutes)
          ? words.amendLonger
          : null
  const send = async (requestId: string): Promise<Sent> => {
    const change = {
      ...(text === '' ? {} : { amount: String(written.amount) }),
      ...(isLonger ? { expiresInMs: Number(minutes) * MINUTE_MS } : {}),
    }
    const path = ['v1', 'holds', hold.id, 'amend']
    const { replayed } = await write<HoldWire & { readonly replayed: boolean }>('POST', path, {
      ...change,
      requestId,
      ifSteps: hold.steps,
    })
    return { entry: requestId, replayed }
  }
  return (
    <Action
      title={words.amendTitle}
      hint={words.amendHint}
      submitText={words.amendDo}
      hasReason={false}
      flaw={flaw}
      effects={[
        { name: words.total, asset, before: total, after: next },
        { name: words.held, asset, before: BigInt(hold.held), after: BigInt(hold.held) + next - total },
      ]}
      onClose={onClose}
      send={send}
    >
      <AmountField
        name={`${words.amendTotal} (${asset})`}
        value={text}
        onChange={setText}
        asset={asset}
        hint={decimals === null ? '' : words.amendTotalHint(amountText(least, decimals))}
      />
      <TextField
        name={words.amendLonger}
        value={minutes}
        onChange={setMinutes}
        placeholder={words.amendKeep}
        isDecimal
      />
    </Action>
  )
}
