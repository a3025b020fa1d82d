/** Blocking an account, and the end of that. */
import type { EntryWire } from '../../../src/api/entry.ts'
import { write } from '../call.ts'
import { useWords } from '../words/words.ts'
import { Action } from './action.tsx'

export function BlockAction({ account, onClose }: { readonly account: string; readonly onClose: () => void }) {
  const words = useWords()
  return (
    <Action
      title={words.blockTitle(account)}
      hint={words.blockEffect}
      submitText={words.blockDo}
      isDanger
      onClose={onClose}
      send={sender(account, 'block')}
    />
  )
}

export function UnblockAction({ account, onClose }: { readonly account: string; readonly onClose: () => void }) {
  const words = useWords()
  return (
    <Action
      title={words.unblockTitle(account)}
      hint={words.unblockEffect}
      submitText={words.unblockDo}
      onClose={onClose}
      send={sender(account, 'unblock')}
    />
  )
}

function sender(account: string, what: 'block' | 'unblock') {
  return async (requestId: string, memo: string) => {
    const path = ['v1', 'accounts', account, what]
    const { id, replayed } = await write<EntryWire & { readonly replayed: boolean }>('POST', path, { requestId, memo })
    return { entry: id, replayed }
  }
}
