/** Asks for a key, when the ledger has keys. */
import { useState, type SubmitEvent } from 'react'
import { isAccepted } from '../call.ts'
import { Button } from '../parts/button.tsx'
import { Field } from '../parts/field.tsx'
import { Logo } from '../parts/icon.tsx'
import { Problem } from '../parts/notice.tsx'
import { signIn } from '../session.ts'
import { useWords } from '../words/words.ts'

/** A key has 41 characters, a token up to 512. */
const LENGTH_MAX = 600

export function SignIn() {
  const words = useWords()
  const [key, setKey] = useState('')
  const [isSending, setSending] = useState(false)
  const [flaw, setFlaw] = useState<string | null>(null)
  const [problem, setProblem] = useState<unknown>(null)

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    setSending(true)
    setProblem(null)
    try {
      if (await isAccepted(key.trim())) return signIn(key.trim())
      setFlaw(words.keyRefused)
    } catch (error) {
      setProblem(error)
    } finally {
      setSending(false)
    }
  }

  return (
    <main className="grid min-h-screen place-items-center p-4">
      <form
        onSubmit={(event) => void submit(event)}
        className="w-full max-w-md rounded-2xl border border-line bg-surface p-6 sm:p-8"
      >
        <p className="mb-6 flex items-center gap-2.5 font-semibold">
          <Logo />
          Holdfast
        </p>
        <h1 className="text-xl font-semibold">{words.signIn}</h1>
        <p className="mt-1 mb-5 text-sm text-muted">{words.signInHint}</p>
        <Field name={words.key} flaw={flaw}>
          {(attributes) => (
            <input
              {...attributes}
              type="password"
              value={key}
              maxLength={LENGTH_MAX}
              autoComplete="off"
              autoFocus
              placeholder="hf_…"
              onChange={(event) => {
                setKey(event.target.value)
                setFlaw(null)
              }}
            />
          )}
        </Field>
        {problem !== null && (
          <div className="mt-4">
            <Problem error={problem} />
          </div>
        )}
        <Button type="submit" look="main" className="mt-5 w-full" disabled={isSending || key.trim() === ''}>
          {isSending ? words.sending : words.signIn}
        </Button>
      </form>
    </main>
  )
}
