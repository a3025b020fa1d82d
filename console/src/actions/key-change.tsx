/** The end of a key, and another secret for one. A rotation cannot be repeated: each gives another secret. */
import { useState, type SubmitEvent, type ReactNode } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import type { SecretKeyWire } from '../../../src/api/key-schemas.ts'
import { useCaller } from '../caller.tsx'
import { CallError, write } from '../call.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Choice, TextField } from '../parts/field.tsx'
import { Notice, Problem } from '../parts/notice.tsx'
import { Secret } from '../parts/secret.tsx'
import { useWords } from '../words/words.ts'

interface KeyActionProps {
  readonly name: string
  readonly onClose: () => void
}

export function RevokeAction({ name, onClose }: KeyActionProps) {
  const words = useWords()
  const revoke = async (): Promise<ReactNode> => {
    await write('POST', ['v1', 'keys', name, 'revoke'], {})
    return <Notice tone="good" title={words.done} />
  }
  return (
    <KeyAction
      name={name}
      title={words.revokeTitle(name)}
      warning={words.revokeWarning}
      submitText={words.revoke}
      change={revoke}
      onClose={onClose}
    />
  )
}

const HOUR_MS = 3_600_000
/** How long the secret before may stay valid, in hours. */
const GRACES = [24, 1, 168, 0] as const

export function RotateAction({ name, onClose }: KeyActionProps) {
  const words = useWords()
  const [hours, setHours] = useState<number>(GRACES[0])
  const rotate = async (): Promise<ReactNode> => {
    const steps = ['v1', 'keys', name, 'rotate']
    const { secret } = await write<SecretKeyWire>('POST', steps, { graceMs: hours * HOUR_MS })
    return <Secret secret={secret} />
  }
  return (
    <KeyAction
      name={name}
      title={words.rotateTitle(name)}
      warning={words.rotateWarning}
      submitText={words.rotate}
      change={rotate}
      hasSecret
      onClose={onClose}
    >
      <Choice
        name={words.grace}
        value={String(hours)}
        choices={GRACES.map((grace) => [String(grace), grace === 0 ? words.graceNone : words.graceHours(grace)])}
        onChange={(grace) => setHours(Number(grace))}
      />
    </KeyAction>
  )
}

interface ChangeProps extends KeyActionProps {
  readonly title: string
  readonly warning: string
  readonly submitText: string
  readonly change: () => Promise<ReactNode>
  /** Whether the result has a secret, which must not be lost with a key that closes dialogs. */
  readonly hasSecret?: boolean
  /** Further fields. */
  readonly children?: ReactNode
}

function KeyAction({ name, title, warning, submitText, change, hasSecret = false, onClose, children }: ChangeProps) {
  const words = useWords()
  const isOwn = useCaller()?.key === name
  const known = useQueryClient()
  const [typed, setTyped] = useState('')
  const [isSending, setSending] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [result, setResult] = useState<ReactNode>(null)
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (typed !== name) return
    setSending(true)
    setError(null)
    try {
      setResult(await change())
      await known.invalidateQueries()
    } catch (problem) {
      setError(problem)
    } finally {
      setSending(false)
    }
  }
  return (
    <Dialog title={title} onClose={onClose} isHeld={isSending || (hasSecret && result !== null)}>
      {result === null ? (
        <form onSubmit={(event) => void submit(event)} className="mt-1 grid gap-4">
          <p className="text-sm text-muted">{warning}</p>
          {isOwn && <Notice tone="warn" title={words.ownKey} />}
          {children}
          <TextField name={words.typeName(name)} value={typed} onChange={setTyped} />
          {error !== null && <Failure error={error} />}
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>{words.cancel}</Button>
            <Button type="submit" look="danger" disabled={isSending || typed !== name}>
              {submitText}
            </Button>
          </div>
        </form>
      ) : (
        <div className="mt-4 grid gap-4">
          {result}
          <div className="flex justify-end">
            <Button look="main" onClick={onClose}>
              {words.close}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  )
}

/** Neither change is undone by a second one: a key is revoked once, and another rotation gives a secret that is known. */
function Failure({ error }: { readonly error: unknown }) {
  const words = useWords()
  if (!(error instanceof CallError) || error.applied !== 'unknown') return <Problem error={error} />
  return (
    <Notice tone="warn" title={words.inDoubt}>
      {words.changeInDoubt}
    </Notice>
  )
}
