/** The end of a key, and another secret for one. A rotation cannot be repeated: each gives another secret. */
import { useState, type SubmitEvent, type ReactNode } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import type { SecretKeyWire } from '../../../src/api/key-schemas.ts'
import { write } from '../call.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { TextField } from '../parts/field.tsx'
import { Notice, Problem } from '../parts/notice.tsx'
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

export function RotateAction({ name, onClose }: KeyActionProps) {
  const words = useWords()
  const rotate = async (): Promise<ReactNode> => {
    const { secret } = await write<SecretKeyWire>('POST', ['v1', 'keys', name, 'rotate'], {})
    return (
      <Notice tone="good" title={words.newSecret}>
        <code className="block font-mono text-sm break-all select-all">{secret}</code>
      </Notice>
    )
  }
  return (
    <KeyAction
      name={name}
      title={words.rotateTitle(name)}
      warning={words.rotateWarning}
      submitText={words.rotate}
      change={rotate}
      onClose={onClose}
    />
  )
}

interface ChangeProps extends KeyActionProps {
  readonly title: string
  readonly warning: string
  readonly submitText: string
  readonly change: () => Promise<ReactNode>
}

function KeyAction({ name, title, warning, submitText, change, onClose }: ChangeProps) {
  const words = useWords()
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
    <Dialog title={title} onClose={onClose} isHeld={isSending}>
      {result === null ? (
        <form onSubmit={(event) => void submit(event)} className="mt-1 grid gap-4">
          <p className="text-sm text-muted">{warning}</p>
          <TextField name={words.typeName(name)} value={typed} onChange={setTyped} />
          {error !== null && <Problem error={error} />}
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
