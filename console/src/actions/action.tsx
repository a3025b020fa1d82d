/**
 * An action of an operator: its fields, what it will change, the reason, and what came of it.
 *
 * Its request id is made when the dialog opens. A refusal has no effect, so whatever is sent next has a new one; as long as it is not known
 * whether something was done, the fields are locked and it can only be sent again as it is, which does it once.
 */
import { useState, type SubmitEvent, type ReactNode } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { newRequestId } from '../../../src/api/request-id.ts'
import { CallError } from '../call.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { TextField } from '../parts/field.tsx'
import { Notice, Problem, useProblemText } from '../parts/notice.tsx'
import { Amount, EntryLink } from '../parts/values.tsx'
import { useWords } from '../words/words.ts'

/** One amount that changes. */
export interface Effect {
  readonly name: string
  readonly asset: string
  /** In minor units. */
  readonly before: bigint
  readonly after: bigint
}

export interface Sent {
  readonly entry: string | null
  readonly replayed: boolean
}

interface ActionProps {
  readonly title: string
  readonly hint: string
  readonly submitText: string
  readonly isDanger?: boolean
  /** Whether the ledger keeps a reason with it. */
  readonly hasReason?: boolean
  /** What is missing or wrong in the fields. */
  readonly flaw?: string | null
  readonly effects?: readonly Effect[]
  readonly onClose: () => void
  readonly send: (requestId: string, reason: string) => Promise<Sent>
  /** The fields. */
  readonly children?: ReactNode
}

type State = 'editing' | 'sending' | CallError | Sent

const REASON_LENGTH_MAX = 500

export function Action({ onClose, send, hasReason = true, flaw = null, ...shown }: ActionProps) {
  const words = useWords()
  const known = useQueryClient()
  const [requestId, setRequestId] = useState(newRequestId)
  const [reason, setReason] = useState('')
  const [hasTried, setHasTried] = useState(false)
  const [state, setState] = useState<State>('editing')
  const isInDoubt = state instanceof CallError && state.applied === 'unknown'

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    setHasTried(true)
    if (flaw !== null || (hasReason && reason.trim() === '')) return
    setState('sending')
    try {
      setState(await send(requestId, reason.trim()))
    } catch (error) {
      const problem = error instanceof CallError ? error : new CallError(0, { detail: String(error) })
      if (problem.applied === 'no') setRequestId(newRequestId())
      setState(problem)
    }
    await known.invalidateQueries()
  }

  if (typeof state === 'object' && 'replayed' in state)
    return <Done title={shown.title} sent={state} onClose={onClose} />
  const isLocked = state === 'sending' || isInDoubt
  return (
    <Dialog title={shown.title} onClose={onClose} isHeld={state === 'sending'}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <p className="mt-1 text-sm text-muted">{shown.hint}</p>
        <fieldset disabled={isLocked} className="mt-4 grid gap-4">
          {shown.children}
          {hasReason ? (
            <TextField
              name={words.reason}
              value={reason}
              onChange={(text) => setReason(text.slice(0, REASON_LENGTH_MAX))}
              hint={words.reasonHint}
              flaw={hasTried && reason.trim() === '' ? words.reasonMissing : null}
            />
          ) : (
            <p className="text-sm text-muted">{words.noReasonKept}</p>
          )}
        </fieldset>
        {flaw === null && <Effects effects={shown.effects ?? []} />}
        <Outcome state={state} flaw={hasTried ? flaw : null} />
        <p className="mt-4 text-xs break-all text-muted">
          {words.requestId} {requestId}
        </p>
        <div className="mt-4 flex flex-wrap justify-end gap-2">
          <Button onClick={onClose} disabled={state === 'sending'}>
            {words.cancel}
          </Button>
          <Button type="submit" look={shown.isDanger === true ? 'danger' : 'main'} disabled={state === 'sending'}>
            {state === 'sending' ? words.sending : isInDoubt ? words.sendAgain : shown.submitText}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Effects({ effects }: { readonly effects: readonly Effect[] }) {
  const words = useWords()
  if (effects.length === 0) return null
  return (
    <table className="mt-4 w-full border-separate border-spacing-0 rounded-lg bg-sunken pb-1.5 text-sm">
      <caption className="sr-only">{words.whatWillChange}</caption>
      <thead>
        <tr className="text-[0.8125rem] text-muted">
          <th scope="col" className="px-3 pt-2.5 pb-1 text-left font-medium">
            {words.whatWillChange}
          </th>
          <th scope="col" className="px-3 pt-2.5 pb-1 text-right font-medium">
            {words.before}
          </th>
          <th scope="col" className="px-3 pt-2.5 pb-1 text-right font-medium">
            {words.after}
          </th>
        </tr>
      </thead>
      <tbody>
        {effects.map(({ name, asset, before, after }) => (
          <tr key={name}>
            <th scope="row" className="px-3 py-1 text-left font-normal break-all">
              {name}
            </th>
            <td className="px-3 py-1 text-right text-muted">
              <Amount minor={before} asset={asset} />
            </td>
            <td className="px-3 py-1 text-right font-semibold">
              <Amount minor={after} asset={asset} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Outcome({ state, flaw }: { readonly state: State; readonly flaw: string | null }) {
  const words = useWords()
  const textOf = useProblemText()
  if (flaw !== null) return <Said tone="bad" title={flaw} />
  if (!(state instanceof CallError)) return null
  if (state.applied === 'unknown')
    return <Said tone="warn" title={words.inDoubt} text={`${textOf(state)} ${words.inDoubtHint}`} />
  if (state.code === 'changed_meanwhile')
    return <Said tone="warn" title={words.notDone} text={words.changedMeanwhile} />
  return (
    <div className="mt-4">
      <Problem error={state} />
    </div>
  )
}

function Said({
  tone,
  title,
  text,
}: {
  readonly tone: 'bad' | 'warn'
  readonly title: string
  readonly text?: string
}) {
  return (
    <div className="mt-4">
      <Notice tone={tone} title={title}>
        {text}
      </Notice>
    </div>
  )
}

function Done({ title, sent, onClose }: { readonly title: string; readonly sent: Sent; readonly onClose: () => void }) {
  const words = useWords()
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="mt-4">
        <Notice tone="good" title={sent.replayed ? words.doneBefore : words.done}>
          {sent.entry !== null && <EntryLink id={sent.entry}>{words.showEntry}</EntryLink>}
        </Notice>
      </div>
      <div className="mt-4 flex justify-end">
        <Button look="main" autoFocus onClick={onClose}>
          {words.close}
        </Button>
      </div>
    </Dialog>
  )
}
