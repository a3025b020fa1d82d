/** Compares a list that the operator chooses with the ledger. The address has how the list is read; the list itself is in no address. */
import { useRef, useState, type SubmitEvent } from 'react'
import { COMPARED, LIST_BYTES_MAX } from '../../../src/api/reconciliation.ts'
import { ScopedButton } from '../caller.tsx'
import { comparison, useJob } from '../checks.ts'
import { go, hrefOf } from '../location.ts'
import { PLACES } from '../places.ts'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { Field, FileField } from '../parts/field.tsx'
import { Notice } from '../parts/notice.tsx'
import { useWords } from '../words/words.ts'
import { CheckTabs } from './check-tabs.tsx'
import { Compared } from './differences.tsx'

/** The fields of the form, which are parameters of the route too, with what they are when nothing is written into them. */
const COLUMNS = {
  idColumn: 'request_id',
  amountColumn: 'amount',
  statusColumn: 'status',
  accountColumn: '',
  counterpartyColumn: '',
  assetColumn: '',
} as const
const STATUSES = { done: 'done', failed: 'failed', pending: 'pending' } as const

/** Fields that are shown when the viewer asks for them, or when the address has one of them. */
const HIDDEN = [...Object.keys(COLUMNS), ...Object.keys(STATUSES), 'asset', 'since']

export function ReconcileView({ query }: { readonly query: URLSearchParams }) {
  const words = useWords()
  const run = useJob(comparison)
  const [chosen, setChosen] = useState<File | null>(null)
  const [isAsked, setAsked] = useState(false)
  const file = chosen ?? run?.list ?? null
  const isTooLarge = file !== null && file.size > LIST_BYTES_MAX
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault()
    setAsked(true)
    if (file === null || isTooLarge) return
    const terms = termsIn(new FormData(event.currentTarget))
    address.current = { ...address.current, text: new URLSearchParams(terms).toString() }
    go(hrefOf(['checks', 'reconcile'], terms), true)
    void comparison.start({ list: file, query: terms, current: null, findings: [], unreadable: [], summary: null })
  }
  const isRunning = run?.state === 'running'
  // Another address has other fields; the one that this form has written is the form's own.
  const address = useRef({ text: query.toString(), edition: 0 })
  if (address.current.text !== query.toString()) {
    address.current = { text: query.toString(), edition: address.current.edition + 1 }
  }
  return (
    <>
      <CheckTabs current="reconcile" />
      <div className="grid grid-cols-1 gap-5">
        <Card title={words.reconcile}>
          <p className="text-sm text-muted">{words.reconcileHint}</p>
          <form key={address.current.edition} onSubmit={submit} className="mt-4 grid gap-4">
            <div className="grid gap-4 sm:grid-cols-2">
              <FileField
                name={words.list}
                hint={words.listHint}
                text={file === null ? words.chooseFile : words.chooseOther}
                accept=".csv,.tsv,.txt,.ndjson,.jsonl,text/csv,application/x-ndjson"
                file={file}
                onChange={setChosen}
              />
              <Field name={words.rowsAre}>
                {(attributes) => (
                  <select {...attributes} name="of" defaultValue={query.get('of') ?? 'holds'}>
                    {COMPARED.map((of) => (
                      <option key={of} value={of}>
                        {words.comparedWith[of]}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
              <Text query={query} name="until" label={words.madeAt} hint={words.madeAtHint} />
              <Text query={query} name="rows" label={words.rowsStated} hint={words.rowsStatedHint} />
            </div>
            <HowItIsRead query={query} />
            {isAsked && file === null && <Notice tone="bad" title={words.listMissing} />}
            {isTooLarge && <Notice tone="bad" title={words.listTooLarge(LIST_BYTES_MAX / 1_048_576)} />}
            <div>
              {isRunning ? (
                <Button onClick={() => comparison.cancel()}>{words.cancel}</Button>
              ) : (
                <ScopedButton needs={PLACES.checks} look="main" type="submit">
                  {words.compareDo}
                </ScopedButton>
              )}
            </div>
          </form>
        </Card>
        {run !== null && <Compared run={run} />}
      </div>
    </>
  )
}

function HowItIsRead({ query }: { readonly query: URLSearchParams }) {
  const words = useWords()
  return (
    <details open={HIDDEN.some((name) => query.has(name))}>
      <summary className="cursor-pointer text-sm font-medium">{words.howItIsRead}</summary>
      <div className="mt-3 grid gap-4 sm:grid-cols-3">
        {Object.entries(COLUMNS).map(([name, placeholder]) => (
          <Text
            key={name}
            query={query}
            name={name}
            label={words.listColumns[name as keyof typeof COLUMNS]}
            placeholder={placeholder === '' ? words.notCompared : placeholder}
          />
        ))}
        {Object.entries(STATUSES).map(([name, placeholder]) => (
          <Text
            key={name}
            query={query}
            name={name}
            label={words.listStatuses[name as keyof typeof STATUSES]}
            placeholder={placeholder}
          />
        ))}
        <Text query={query} name="asset" label={words.assetOfList} placeholder="credit" hint={words.assetOfListHint} />
        <Text query={query} name="since" label={words.sinceField} hint={words.sinceHint} />
      </div>
    </details>
  )
}

interface TextProps {
  readonly query: URLSearchParams
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly placeholder?: string
}

function Text({ query, name, label, hint, placeholder }: TextProps) {
  return (
    <Field name={label} hint={hint}>
      {(attributes) => (
        <input
          {...attributes}
          name={name}
          defaultValue={query.get(name) ?? ''}
          placeholder={placeholder}
          autoComplete="off"
          spellCheck={false}
        />
      )}
    </Field>
  )
}

/** What was written into the form. */
function termsIn(form: FormData): Readonly<Record<string, string>> {
  const terms: Record<string, string> = {}
  for (const [name, value] of form) if (typeof value === 'string' && value.trim() !== '') terms[name] = value.trim()
  return terms
}
