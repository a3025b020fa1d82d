/** Steps of holds as rows: their entries, the list of them, and what a hold's row has besides the columns of a plain freeze and end. */
import type { HoldRecord } from '../../domain/hold.ts'
import type { EntryRecord } from '../../domain/journal.ts'
import type { Changes, HoldChange, HoldStepRecord } from '../../domain/changes.ts'
import { firstAnswersText, stepText } from './hold-texts.ts'
import { ENTRY_COLUMNS, entryValues, HOLD_COLUMNS, holdValues, type SqlValue } from './rows.ts'

/** What the row of a hold without steps leaves out. */
const STEPPED_COLUMNS = ['refunded', 'settled_late', 'steps', 'first_answers'] as const

/** In the order of `STEPPED_COLUMNS`. */
function steppedValues(hold: HoldRecord): SqlValue[] {
  return [hold.refunded, hold.settledLate, hold.steps, firstAnswersText(hold.firstAnswers)]
}

/** Of a hold that was opened and had steps in one batch. */
export const STEPPED_HOLD_COLUMNS = [...HOLD_COLUMNS, ...STEPPED_COLUMNS] as const

/** In the order of `STEPPED_HOLD_COLUMNS`. */
export function steppedHoldValues(hold: HoldRecord): SqlValue[] {
  return [...holdValues(hold), ...steppedValues(hold)]
}

export const STEP_ENTRY_COLUMNS = [...ENTRY_COLUMNS, 'hold_after'] as const

/** In the order of `STEP_ENTRY_COLUMNS`. */
export function stepEntryValues(entry: EntryRecord): SqlValue[] {
  return [...entryValues(entry), stepText(entry.step)]
}

/** What steps write to their hold: everything that can change. */
export const HOLD_STEPPED_ASSIGNED = [
  'payee',
  'state',
  'amount',
  'held',
  'settled',
  'released',
  'drawn',
  'shortfall',
  'expires_at',
  'ended_at',
  'end_fingerprint',
  'ended_version',
  'payee_balance_id',
  'payee_version',
  'on_expiry',
  ...STEPPED_COLUMNS,
] as const

/** A hold as it becomes, its id, and as it must still be. */
export const HOLD_STEPPED_COLUMNS = [...HOLD_STEPPED_ASSIGNED, 'id', 'before_state', 'before_steps'] as const

/** In the order of `HOLD_STEPPED_COLUMNS`. */
export function holdSteppedValues({ before, after: hold }: HoldChange): SqlValue[] {
  const { end } = hold
  return [
    hold.payee,
    hold.state,
    hold.amount,
    hold.held,
    hold.settled,
    hold.released,
    hold.drawn,
    hold.shortfall,
    hold.expiresAt,
    end?.at ?? null,
    end?.fingerprint ?? null,
    end?.version ?? null,
    end?.payee?.balanceId ?? null,
    end?.payee?.version ?? null,
    hold.onExpiry?.settle ?? null,
    ...steppedValues(hold),
    hold.id,
    before.state,
    before.steps,
  ]
}

export const HOLD_STEP_COLUMNS = ['hold', 'step', 'entry_id'] as const

/** In the order of `HOLD_STEP_COLUMNS`. */
export function holdStepValues({ hold, number, entry }: HoldStepRecord): SqlValue[] {
  return [hold, number, entry]
}

/** The rows of holds and entries of `changes`, by the statement that writes them. */
export interface RequestWrites extends Pick<Changes, 'holdsOpened' | 'entries' | 'holdsChanged' | 'holdsStepped'> {
  /** Opened by this batch, and with steps of it. */
  readonly holdsOpenedStepped: Changes['holdsOpened']
  /** Entries of steps. */
  readonly stepEntries: Changes['entries']
}

/**
 * Holds with steps and the entries of steps go their own ways, so that the statements of all the others need not know of them.
 * A hold that the batch both opens and steps is written once, because PostgreSQL's one statement cannot change what it inserts.
 */
export function requestWrites(changes: Changes): RequestWrites {
  const { holdsOpened, entries, holdsChanged, holdsStepped, holdSteps } = changes
  if (holdSteps.length === 0) {
    return { holdsOpened, entries, holdsChanged, holdsStepped, holdsOpenedStepped: [], stepEntries: [] }
  }
  const opened = new Set(holdsOpened.map(({ id }) => id))
  const stepped = new Set(holdsStepped.map(({ after }) => after.id))
  return {
    holdsOpened: holdsOpened.filter(({ id }) => !stepped.has(id)),
    holdsOpenedStepped: holdsStepped.map(({ after }) => after).filter(({ id }) => opened.has(id)),
    holdsChanged,
    holdsStepped: holdsStepped.filter(({ after }) => !opened.has(after.id)),
    entries: entries.filter(({ step }) => step === null),
    stepEntries: entries.filter(({ step }) => step !== null),
  }
}
