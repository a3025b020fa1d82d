/** A new key: what it may do, a look at that before it is made, and its secret, once. */
import { useState, type SubmitEvent } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { KEY_NAME_PATTERN } from '../../../src/access/key.ts'
import { SCOPES, type Scope } from '../../../src/access/scope.ts'
import type { SecretKeyWire } from '../../../src/api/key-schemas.ts'
import { CallError, write } from '../call.ts'
import { Button } from '../parts/button.tsx'
import { Fact, Facts } from '../parts/card.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Choice, Field, TextField } from '../parts/field.tsx'
import { Notice, Problem } from '../parts/notice.tsx'
import { Secret } from '../parts/secret.tsx'
import { useWords, type Words } from '../words/words.ts'

const DAY_MS = 86_400_000
/** Lives of a key, in days; 0: no end. */
const LIVES = [0, 1, 7, 30, 90, 365] as const
const NAME = new RegExp(KEY_NAME_PATTERN)
const WHOLE = /^[1-9][0-9]{0,18}$/

interface Form {
  readonly name: string
  readonly scopes: readonly Scope[]
  /** One beginning of names per line. */
  readonly accounts: string
  /** Separated by commas or spaces. */
  readonly assets: string
  readonly amountMax: string
  readonly days: number
}

const EMPTY: Form = { name: '', scopes: [], accounts: '', assets: '', amountMax: '', days: 0 }

function linesIn(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

function codesIn(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((code) => code !== '')
}

function bodyOf({ name, scopes, accounts, assets, amountMax, days }: Form): object {
  return {
    name,
    scopes,
    ...(linesIn(accounts).length === 0 ? {} : { accounts: linesIn(accounts) }),
    ...(codesIn(assets).length === 0 ? {} : { assets: codesIn(assets) }),
    ...(amountMax === '' ? {} : { amountMax }),
    ...(days === 0 ? {} : { expiresInMs: days * DAY_MS }),
  }
}

type Flaws = { readonly [Name in 'name' | 'scopes' | 'amountMax']: string | null }

function flawsOf({ name, scopes, accounts, assets, amountMax }: Form, words: Words): Flaws {
  const isConfined = linesIn(accounts).length + codesIn(assets).length > 0 || amountMax !== ''
  const ofScopes = isConfined && scopes.includes('keys:admin') ? words.adminConfined : null
  return {
    name: NAME.test(name) ? null : words.keyNameWrong,
    scopes: scopes.length === 0 ? words.scopesMissing : ofScopes,
    amountMax: amountMax === '' || WHOLE.test(amountMax) ? null : words.amountWrong(0),
  }
}

type Step = 'form' | 'review' | 'sending' | SecretKeyWire

export function MakeKeyAction({ onClose }: { readonly onClose: () => void }) {
  const words = useWords()
  const known = useQueryClient()
  const [form, setForm] = useState(EMPTY)
  const [step, setStep] = useState<Step>('form')
  const [error, setError] = useState<unknown>(null)
  const make = async (): Promise<void> => {
    setStep('sending')
    setError(null)
    try {
      setStep(await write<SecretKeyWire>('POST', ['v1', 'keys'], bodyOf(form)))
    } catch (problem) {
      setError(problem)
      setStep('review')
    }
    await known.invalidateQueries({ queryKey: ['pages'] })
  }
  if (typeof step === 'object') {
    return (
      <Dialog title={words.keyMade(step.name)} onClose={onClose} isHeld>
        <div className="mt-4 grid gap-4">
          <Secret secret={step.secret} />
          <div className="flex justify-end">
            <Button look="main" onClick={onClose}>
              {words.close}
            </Button>
          </div>
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog title={words.makeKey} onClose={onClose} isHeld={step === 'sending'}>
      {step === 'form' ? (
        <Fields form={form} onChange={setForm} onDone={() => setStep('review')} onClose={onClose} />
      ) : (
        <div className="mt-4 grid gap-4">
          <Review form={form} />
          {error !== null && <Failure error={error} />}
          <div className="flex flex-wrap justify-end gap-2">
            <Button onClick={() => setStep('form')} disabled={step === 'sending'}>
              {words.back}
            </Button>
            <Button look="main" onClick={() => void make()} disabled={step === 'sending'}>
              {step === 'sending' ? words.sending : words.makeKey}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  )
}

interface FieldsProps {
  readonly form: Form
  readonly onChange: (form: Form) => void
  readonly onDone: () => void
  readonly onClose: () => void
}

function Fields({ form, onChange, onDone, onClose }: FieldsProps) {
  const words = useWords()
  const [hasTried, setHasTried] = useState(false)
  const flaws = flawsOf(form, words)
  const shown = (flaw: string | null): string | null => (hasTried ? flaw : null)
  const change = (part: Partial<Form>): void => onChange({ ...form, ...part })
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setHasTried(true)
    if (Object.values(flaws).every((flaw) => flaw === null)) onDone()
  }
  return (
    <form onSubmit={submit} noValidate className="mt-4 grid gap-4">
      <TextField
        name={words.name}
        value={form.name}
        onChange={(name) => change({ name: name.trim() })}
        hint={words.keyNameHint}
        flaw={shown(flaws.name)}
      />
      <Scopes scopes={form.scopes} onChange={(scopes) => change({ scopes })} flaw={shown(flaws.scopes)} />
      <Field name={words.keyAccounts} hint={words.keyAccountsHint}>
        {(attributes) => (
          <textarea
            {...attributes}
            rows={2}
            value={form.accounts}
            spellCheck={false}
            placeholder={'user:\n@revenue'}
            onChange={(event) => change({ accounts: event.target.value })}
          />
        )}
      </Field>
      <TextField
        name={words.keyAssets}
        value={form.assets}
        onChange={(assets) => change({ assets })}
        hint={words.keyAssetsHint}
      />
      <TextField
        name={words.amountMax}
        value={form.amountMax}
        onChange={(text) => change({ amountMax: text.trim() })}
        hint={words.keyAmountHint}
        flaw={shown(flaws.amountMax)}
        isDecimal
      />
      <Choice
        name={words.expires}
        value={String(form.days)}
        choices={LIVES.map((days) => [String(days), lifeText(days, words)])}
        onChange={(days) => change({ days: Number(days) })}
      />
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{words.cancel}</Button>
        <Button type="submit" look="main">
          {words.goOn}
        </Button>
      </div>
    </form>
  )
}

interface ScopesProps {
  readonly scopes: readonly Scope[]
  readonly onChange: (scopes: readonly Scope[]) => void
  readonly flaw: string | null
}

function Scopes({ scopes, onChange, flaw }: ScopesProps) {
  const words = useWords()
  return (
    <fieldset>
      <legend className="mb-1 text-[0.8125rem] font-medium text-muted">{words.scopes}</legend>
      <div className="grid gap-1.5">
        {SCOPES.map((scope) => (
          <label key={scope} className="flex items-start gap-2.5 text-sm">
            <input
              type="checkbox"
              className="mt-1"
              checked={scopes.includes(scope)}
              onChange={({ target }) =>
                onChange(target.checked ? [...scopes, scope] : scopes.filter((other) => other !== scope))
              }
            />
            <span>
              <span className="font-mono text-[0.8125rem]">{scope}</span>
              <span className="block text-[0.8125rem] text-muted">{words.scopeMeanings[scope]}</span>
            </span>
          </label>
        ))}
      </div>
      {flaw !== null && (
        <p role="alert" className="mt-1 text-[0.8125rem] text-bad">
          {flaw}
        </p>
      )}
    </fieldset>
  )
}

function Review({ form }: { readonly form: Form }) {
  const words = useWords()
  return (
    <>
      <Facts>
        <Fact name={words.name}>{form.name}</Fact>
        <Fact name={words.expires}>{lifeText(form.days, words)}</Fact>
        <Fact name={words.amountMax}>{form.amountMax === '' ? words.everything : form.amountMax}</Fact>
        <Fact name={words.keyAccounts}>{linesIn(form.accounts).join(', ') || words.everything}</Fact>
        <Fact name={words.keyAssets}>{codesIn(form.assets).join(', ') || words.everything}</Fact>
      </Facts>
      <div>
        <p className="text-[0.8125rem] text-muted">{words.scopes}</p>
        <ul className="mt-1 grid gap-1 text-sm">
          {SCOPES.filter((scope) => form.scopes.includes(scope)).map((scope) => (
            <li key={scope}>
              <span className="font-mono text-[0.8125rem]">{scope}</span>{' '}
              <span className="text-muted">{words.scopeMeanings[scope]}</span>
            </li>
          ))}
        </ul>
      </div>
      {form.scopes.includes('keys:admin') && <Notice tone="warn" title={words.adminWarning} />}
    </>
  )
}

/** A key that may have been made has a secret that nobody knows. */
function Failure({ error }: { readonly error: unknown }) {
  const words = useWords()
  if (!(error instanceof CallError) || error.applied !== 'unknown') return <Problem error={error} />
  return (
    <Notice tone="warn" title={words.inDoubt}>
      {words.keyInDoubt}
    </Notice>
  )
}

function lifeText(days: number, words: Words): string {
  return days === 0 ? words.noEnd : words.afterDays(days)
}
