/** What the ledger would answer to a call of some cost, and why: the question of whoever was refused. */
import { useState } from 'react'
import type { AccountWire } from '../../../src/api/account.ts'
import { amountIn, amountText } from '../figures.ts'
import { Card } from '../parts/card.tsx'
import { TextField } from '../parts/field.tsx'
import { Notice } from '../parts/notice.tsx'
import { useDecimals } from '../queries.ts'
import { useWords } from '../words/words.ts'

interface AffordableProps {
  readonly account: AccountWire
  readonly asset: string
}

export function Affordable({ account, asset }: AffordableProps) {
  const words = useWords()
  const decimals = useDecimals(asset) ?? 0
  const [text, setText] = useState('')
  const cost = amountIn(text, decimals)
  return (
    <Card title={words.canItPay}>
      <TextField
        name={`${words.amount} (${asset})`}
        value={text}
        onChange={setText}
        hint={words.canItPayHint}
        isDecimal
        flaw={text !== '' && cost === null ? words.amountWrong(decimals) : null}
      />
      {cost !== null && cost > 0n && (
        <div className="mt-3">
          <Verdict account={account} asset={asset} cost={cost} decimals={decimals} />
        </div>
      )}
    </Card>
  )
}

function Verdict({
  account,
  asset,
  cost,
  decimals,
}: AffordableProps & { readonly cost: bigint; readonly decimals: number }) {
  const words = useWords()
  if (account.standing === 'blocked') return <Notice tone="bad" title={words.itIsBlocked} />
  if (account.standing === 'closed') return <Notice tone="bad" title={words.itIsClosed} />
  const balance = account.balances.find((one) => one.asset === asset)
  const spendable = BigInt(balance?.available ?? 0) - BigInt(balance?.floor ?? 0)
  const text = (amount: bigint): string => amountText(amount, decimals)
  if (spendable >= cost) return <Notice tone="good" title={words.itCan(text(spendable - cost))} />
  const held = BigInt(balance?.held ?? 0)
  return (
    <Notice tone="bad" title={words.itCannot(text(cost - spendable))}>
      {held > 0n ? words.itCannotHeld(text(held)) : undefined}
    </Notice>
  )
}
