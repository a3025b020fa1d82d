/**
 * Conditional requests (RFC 9110, section 13): `If-Match` on commands, `If-None-Match` and `If-Match` on the reads that answer with an
 * `ETag`. What is malformed is refused and never ignored, because a caller relies on it.
 */
import type { FastifyRequest } from 'fastify'
import type { Contract } from '../api/contract.ts'
import { LedgerError } from '../api/error.ts'
import type { Command, Precondition } from '../domain/command.ts'

/** The tags of one header. */
export const TAGS_MAX = 100

const IF_MATCH = 'If-Match'
const IF_NONE_MATCH = 'If-None-Match'

/** An element of the list: perhaps a tag in quotes, perhaps with `W/` before it (RFC 9110, sections 5.6.1 and 8.8.3). */
const ELEMENT = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)")?[ \t]*(?:,|$)/y

interface Tag {
  readonly isWeak: boolean
  readonly text: string
}

/** The command, on the condition of its request's `If-Match` if there is one. */
export function onlyIfMatch(request: FastifyRequest, command: Command, { condition }: Contract): Command {
  refuseNoneMatch(request)
  const tags = tagsOf(request, IF_MATCH)
  if (tags === null) return command
  if (condition === null) {
    const instead = command.kind === 'transfer' ? ' Give a leg the `ifVersion` of its payer.' : ''
    throw LedgerError.invalidParameter(IF_MATCH, `If-Match is not possible for this route.${instead}`)
  }
  if (condition in command) {
    throw LedgerError.invalidParameter(IF_MATCH, `Send If-Match or ${condition}, not both.`)
  }
  if ('asset' in command && command.asset === null) {
    throw LedgerError.invalidParameter(IF_MATCH, 'If-Match has tags of a balance. Name its asset.')
  }
  // The comparison is strong: a weak tag matches nothing.
  const required: Precondition = tags === '*' ? '*' : tags.filter(({ isWeak }) => !isWeak).map(({ text }) => text)
  return { ...command, [condition]: required }
}

/** A batch request is about many balances and holds, so it has no tag to compare. */
export function refuseConditions(request: FastifyRequest): void {
  refuseNoneMatch(request)
  if (request.headers['if-match'] === undefined) return
  const instead = 'Give the commands `ifVersion` or `ifSteps`.'
  throw LedgerError.invalidParameter(IF_MATCH, `If-Match is not possible for a batch request. ${instead}`)
}

function refuseNoneMatch(request: FastifyRequest): void {
  if (request.headers['if-none-match'] === undefined) return
  const instead = 'For a balance without postings, use `ifVersion: 0`.'
  throw LedgerError.invalidParameter(IF_NONE_MATCH, `If-None-Match is not possible for a command. ${instead}`)
}

/**
 * Whether the caller of a read has what is there: its answer is 304 then.
 *
 * @throws LedgerError `changed_meanwhile` if `If-Match` names another tag
 */
export function isKnown(request: FastifyRequest, current: string, changed: () => LedgerError): boolean {
  const match = tagsOf(request, IF_MATCH)
  if (match !== null && match !== '*' && !match.some(({ isWeak, text }) => !isWeak && text === current)) throw changed()
  const none = tagsOf(request, IF_NONE_MATCH)
  return none !== null && (none === '*' || none.some(({ text }) => text === current))
}

/** The tags of a header; null if it is not sent. @throws LedgerError `invalid_request` */
function tagsOf(request: FastifyRequest, name: typeof IF_MATCH | typeof IF_NONE_MATCH): readonly Tag[] | '*' | null {
  const given = request.headers[name === IF_MATCH ? 'if-match' : 'if-none-match']
  if (given === undefined) return null
  if (given.trim() === '*') return '*'
  const tags: Tag[] = []
  for (ELEMENT.lastIndex = 0; ELEMENT.lastIndex < given.length;) {
    const element = ELEMENT.exec(given)
    if (element === null) throw malformed(name)
    const [, weak, text] = element
    if (text !== undefined) tags.push({ isWeak: weak !== undefined, text })
  }
  if (tags.length === 0 || tags.length > TAGS_MAX) throw malformed(name)
  return tags
}

function malformed(name: string): LedgerError {
  const rule = `* or 1 to ${TAGS_MAX} entity tags in quotes, as an ETag header has them`
  return LedgerError.invalidParameter(name, `${name} must be ${rule}.`)
}
