/**
 * Asking one database its questions. A question that is refused, or takes too long, becomes a finding; the others are still asked.
 *
 * Nothing is changed: each kind of database is asked on a connection, or in transactions, that can only read.
 */
import type { Query } from '../stores/sql/dialect.ts'
import type { Row } from '../stores/sql/values.ts'
import { finding, type Finding } from './finding.ts'

/** How long the answer to one question may take. The server cancels a longer one, where it can. */
export const QUESTION_MS_MAX = 3_000

export interface Question {
  /** What it asks for, as it is shown when it is refused. */
  readonly name: string
  readonly text: string
  readonly values?: readonly unknown[]
}

/**
 * Why there is no answer: the user lacks a right; it took too long; this server does not have it; the connection is lost; or the server
 * failed.
 */
export type RefusalKind = 'rights' | 'time' | 'absent' | 'lost' | 'failed'

export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly kind: RefusalKind

  constructor(kind: RefusalKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

/** A database that is asked. */
export interface Respondent extends AsyncDisposable {
  /** One statement that reads. @throws Refusal */
  readonly query: Query
  /** What gives this user the right to see everything, as a statement to type; null where rights are not granted. */
  readonly rightsRemedy: string | null
}

export class Examination {
  readonly #respondent: Respondent
  readonly #findings: Finding[] = []
  /** Names by the reason of the refusal. */
  readonly #unseen = new Map<string, { readonly refusal: Refusal; readonly names: string[] }>()

  constructor(respondent: Respondent) {
    this.#respondent = respondent
  }

  /** What was added, and one finding for everything that was not seen for the same reason. */
  get findings(): readonly Finding[] {
    const unseen = [...this.#unseen.values()].map(({ refusal, names }) =>
      unseenFinding(refusal, names, this.#respondent.rightsRemedy),
    )
    return [...this.#findings, ...unseen]
  }

  add(...findings: readonly Finding[]): void {
    this.#findings.push(...findings)
  }

  /** The rows; null when the question was refused. */
  async rows({ name, text, values = [] }: Question): Promise<readonly Row[] | null> {
    return await this.attempt(name, (query) => query(text, values))
  }

  /** Null when a question of `action` was refused. */
  async attempt<Result>(name: string, action: (query: Query) => Promise<Result>): Promise<Result | null> {
    try {
      return await action(this.#respondent.query)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.#note(name, error)
      return null
    }
  }

  /** As `rows`, for what is only more exact than something else: a refusal is no finding. */
  async optionalRows(text: string): Promise<readonly Row[] | null> {
    try {
      return await this.#respondent.query(text, [])
    } catch (error) {
      if (error instanceof Refusal) return null
      throw error
    }
  }

  /** The refusal of a statement, without a finding; null when it was answered. */
  async refusalOf(text: string): Promise<Refusal | null> {
    try {
      await this.#respondent.query(text, [])
      return null
    } catch (error) {
      if (error instanceof Refusal) return error
      throw error
    }
  }

  /** What was answered, and not shown. */
  miss(name: string, kind: RefusalKind, message: string): void {
    this.#note(name, new Refusal(kind, message))
  }

  #note(name: string, refusal: Refusal): void {
    const reason = refusal.kind === 'failed' ? `failed ${refusal.message}` : refusal.kind
    const missed = this.#unseen.get(reason)
    if (missed === undefined) this.#unseen.set(reason, { refusal, names: [name] })
    else missed.names.push(name)
  }
}

function unseenFinding({ kind, message }: Refusal, names: readonly string[], rightsRemedy: string | null): Finding {
  const texts: Readonly<Record<RefusalKind, string>> = {
    rights: `This user lacks the right to see it: ${message}`,
    time: `The answer took longer than ${QUESTION_MS_MAX} ms.`,
    absent: `This server does not have it: ${message}`,
    lost: `The connection was lost: ${message}`,
    failed: message,
  }
  return finding('unseen', kind === 'lost' || kind === 'failed' ? 'risk' : 'advice', {
    subject: kind,
    value: names.join('; '),
    why: texts[kind],
    remedy: kind === 'rights' ? rightsRemedy : null,
  })
}
