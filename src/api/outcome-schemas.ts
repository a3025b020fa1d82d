/** What becomes of a command, as JSON Schema: problems, the outcomes of a batch, and how the service itself is. */
import type { Static } from 'typebox'
import type { Applied } from '../domain/outcome.ts'
import { Asset, type AssetWire } from './asset.ts'
import { Balance, type BalanceWire } from './balance.ts'
import { Entry, type EntryWire } from './entry.ts'
import { Hold, HOLD_EXAMPLE, type HoldWire } from './hold.ts'
import type { ProblemCode } from './problem.ts'
import { SERVICE_CODES } from './problems.ts'
import { Rate, type RateWire } from './rate.ts'
import { named, reference, words } from './schema.ts'
import { Type } from './typebox.ts'

export const Problem = named(
  'Problem',
  Type.Object(
    {
      type: Type.String({ examples: ['urn:holdfast:problem:insufficient_funds'] }),
      title: Type.String({ examples: ['Insufficient funds'] }),
      status: Type.Integer({ examples: [402] }),
      detail: Type.String({ description: 'What happened, with its numbers, for people.' }),
      code: words<ProblemCode>(SERVICE_CODES, {
        description: 'What happened, for programs. docs/reference/problems.md lists the codes and their own fields.',
      }),
      retryable: Type.Boolean({
        description: 'Whether the same request, under the same request id, may succeed later.',
      }),
      applied: words(['no', 'unknown'] as const satisfies readonly Applied[], {
        description:
          'Whether the command may have had an effect. Repeating it under the same request id is safe either way.',
      }),
      retryAfterMs: Type.Optional(Type.Integer({ minimum: 0, description: 'When it makes sense to try again.' })),
      pointer: Type.Optional(Type.String({ description: 'JSON pointer to what is wrong in the body.' })),
      parameter: Type.Optional(Type.String({ description: 'The path or query parameter or header that is wrong.' })),
      requestId: Type.Optional(Type.String({ description: 'The request id to repeat the command under.' })),
    },
    { additionalProperties: true, description: 'A problem (RFC 9457) with the fields of its code.' },
  ),
)

export const AppliedOutcome = named(
  'AppliedOutcome',
  Type.Object(
    {
      status: words(['applied']),
      replayed: Type.Boolean({
        description:
          'True when the request id had been used before: the first answer again. At most one caller is ever told false; none is when the service lost its connection while committing and found the effect afterwards.',
      }),
      answer: Type.Unsafe<BalanceWire | EntryWire | HoldWire | AssetWire | RateWire>({
        anyOf: [Hold, Entry, Balance, Asset, Rate].map((schema) => ({ $ref: `${schema.$id}#` })),
        description: 'What the command is answered with on its own.',
      }),
    },
    { description: 'The command took effect, now or at its first request.' },
  ),
)

export const RefusedOutcome = named(
  'RefusedOutcome',
  Type.Object(
    {
      status: words(['rejected', 'faulted'], {
        description: '`rejected`: a rule said no. `faulted`: something is broken or too slow.',
      }),
      problem: reference(Problem),
    },
    { description: 'The command did not take effect, or it is not known whether it did.' },
  ),
)

export const Batch = named(
  'Batch',
  Type.Object(
    {
      outcomes: Type.Array(Type.Union([reference(AppliedOutcome), reference(RefusedOutcome)]), {
        description: 'One per command, in order.',
      }),
    },
    {
      description: 'What became of each command of a batch.',
      examples: [{ outcomes: [{ status: 'applied', replayed: false, answer: HOLD_EXAMPLE }] }],
    },
  ),
)

export const Health = named(
  'Health',
  Type.Object({ status: words(['alive']) }, { description: 'The process answers.' }),
)

const ExpiryState = Type.Object(
  {
    lagMs: Type.Integer({
      minimum: 0,
      description: 'How long ago the oldest due hold that the last look left open had come due; 0 when none was left.',
    }),
    backlog: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: 'Due holds that the last round left open, counted up to some 10,000; null when that is not known.',
    }),
    lookAgeMs: Type.Integer({ minimum: 0, description: 'How long ago this process last looked for due holds.' }),
    swept: Type.Integer({ minimum: 0, description: 'Holds that this process has ended because they were due.' }),
  },
  { description: 'How far this process is with ending the holds that are due. The others see the same holds.' },
)

export const Readiness = named(
  'Readiness',
  Type.Object(
    {
      status: words(['ready']),
      expiry: Type.Union([ExpiryState, Type.Null()], { description: 'Null when this process does not sweep.' }),
      store: Type.String({ description: 'What kind of store stands behind the service.', examples: ['mysql'] }),
      warnings: Type.Array(Type.String(), {
        description:
          'What the operator should know about the settings of the database, such as one with which a crash can lose what was ' +
          'acknowledged. A few seconds old at most, as a rule. Empty when all is well.',
        examples: [['sync_binlog is 0 while the binary log is on: …']],
      }),
    },
    { description: 'The service can commit. Warnings do not change that.' },
  ),
)

export type ProblemWire = Static<typeof Problem>
export type AppliedOutcomeWire = Static<typeof AppliedOutcome>
export type RefusedOutcomeWire = Static<typeof RefusedOutcome>
export type OutcomeWire = AppliedOutcomeWire | RefusedOutcomeWire
export type BatchWire = Static<typeof Batch>
export type ReadinessWire = Static<typeof Readiness>
