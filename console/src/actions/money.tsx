/** Deposits and corrections: coins that an operator gives to an account, or takes back. */
import { useState } from 'react'
import type { AccountWire } from '../../../src/api/account.ts'
import type { EntryWire } from '../../../src/api/entry.ts'
import { write } from '../call.ts'
import { Choice } from '../parts/field.tsx'
import { useAssets } from '../queries.ts'
import { useWords } from '../words/words.ts'
import { Action, type Sent } from './action.tsx'
import { AmountField, useWritten } from './amount-field.tsx'

interface MoneyProps {
  readonly account: AccountWire
  /** The asset that the view shows. */
  readonly asset: string
  readonly onClose: () => void
}

type Movement = EntryWire & { readonly replayed: boolean }

const ISSUER = '@issuer'

export function DepositAction({ account, asset: shown, onClose }: MoneyProps) {
  const words = useWords()
  const [asset, setAsset] = useState(shown)
  const [text, setText] = useState('')
  const written = useWritten(text, asset)
  const before = availableOf(account, asset)
  const send = (requestId: string, memo: string): Promise<Sent> =>
    move(['v1', 'deposits'], { requestId, account: account.account, asset, amount: String(written.amount), memo })
  return (
    <Action
      title={words.depositTitle(account.account)}
      hint={words.depositHint}
      submitText={written.flaw === null ? words.depositDo(written.text) : words.deposit}
      flaw={written.flaw}
      effects={[{ name: words.balanceOf(account.account), asset, before, after: before + (written.amount ?? 0n) }]}
      onClose={onClose}
      send={send}
    >
      <AssetChoice asset={asset} onChange={setAsset} />
      <AmountField value={text} onChange={setText} asset={asset} />
    </Action>
  )
}

export function CorrectionAction({ account, asset: shown, onClose }: MoneyProps) {
  const words = useWords()
  const [asset, setAsset] = useState(shown)
  const [text, setText] = useState('')
  const [overdraft, setOverdraft] = useState(false)
  const before = availableOf(account, asset)
  const floor = BigInt(account.balances.find((balance) => balance.asset === asset)?.floor ?? 0)
  const most = overdraft ? null : before - floor
  const written = useWritten(text, asset, { most })
  const body = { account: account.account, asset, amount: String(written.amount), payee: ISSUER, overdraft }
  return (
    <Action
      title={words.correctionTitle(account.account)}
      hint={words.correctionHint}
      submitText={written.flaw === null ? words.correctionDo(written.text) : words.correction}
      flaw={written.flaw}
      effects={[{ name: words.balanceOf(account.account), asset, before, after: before - (written.amount ?? 0n) }]}
      onClose={onClose}
      send={(requestId, memo) => move(['v1', 'charges'], { ...body, requestId, memo })}
    >
      <AssetChoice asset={asset} onChange={setAsset} />
      <AmountField value={text} onChange={setText} asset={asset} />
      <label className="flex items-start gap-2.5 text-sm">
        <input
          type="checkbox"
          className="mt-1"
          checked={overdraft}
          onChange={(event) => setOverdraft(event.target.checked)}
        />
        <span>
          {words.overdraft}
          <span className="block text-muted">{words.overdraftHint}</span>
        </span>
      </label>
    </Action>
  )
}

async function move(steps: readonly string[], body: object): Promise<Sent> {
  const { id, replayed } = await write<Movement>('POST', steps, body)
  return { entry: id, replayed }
}

function availableOf({ balances }: AccountWire, asset: string): bigint {
  return BigInt(balances.find((balance) => balance.asset === asset)?.available ?? 0)
}

function AssetChoice({ asset, onChange }: { readonly asset: string; readonly onChange: (asset: string) => void }) {
  const words = useWords()
  const assets = useAssets().data?.items ?? []
  if (assets.length < 2) return null
  return (
    <Choice
      name={words.asset}
      value={asset}
      onChange={onChange}
      choices={assets.map(({ code, name }) => [code, `${name} (${code})`])}
    />
  )
}
