/** The JSON Schemas of problems, of the outcomes of a batch, and of the health endpoints. */
import type { Applied } from '../domain/outcome.ts'
import { CURRENT, REPLAYED } from './answered.ts'
import { Asset, type AssetWire } from './asset.ts'
import { Entry, type EntryWire } from './entry.ts'
import { Hold, HOLD_EXAMPLE, type HoldWire } from './hold.ts'
import { HouseAccount, type HouseAccountWire } from './house-account.ts'
import { OpenedAccount, type OpenedAccountWire } from './opened-account.ts'
import type { ProblemCode } from './problem.ts'
import { SERVICE_CODES } from './problems.ts'
import { Rate, type RateWire } from './rate.ts'
import { named, reference, words } from './schema.ts'
import { type Static, Type } from './typebox.ts'

export const Problem = named(
  'Problem',
  Type.Object(
    {
      type: Type.String({ examples: ['urn:holdfast:problem:insufficient_funds'] }),
      title: Type.String({ examples: ['Insufficient funds'] }),
      status: Type.Integer({ examples: [402] }),
      detail: Type.String({ description: 'A message for people, with the numbers of this problem.' }),
      code: words<ProblemCode>(SERVICE_CODES, {
        description: 'The code, for programs. docs/reference/problems.md lists the codes and their fields.',
      }),
      retryable: Type.Boolean({
        description: 'Whether the same request, with the same request id, may succeed later.',
      }),
      applied: words(['no', 'unknown'] as const satisfies readonly Applied[], {
        description:
          'Whether the command may have had an effect. In both cases it is safe to repeat it with the same request id.',
      }),
      retryAfterMs: Type.Optional(Type.Integer({ minimum: 0, description: 'The recommended pause before a repeat.' })),
      pointer: Type.Optional(Type.String({ description: 'JSON pointer to the invalid value in the body.' })),
      parameter: Type.Optional(
        Type.String({ description: 'The name of the invalid path parameter, query parameter or header.' }),
      ),
      requestId: Type.Optional(
        Type.String({ description: 'The request id of the command. Repeat the command with it.' }),
      ),
    },
    { additionalProperties: true, description: 'A problem (RFC 9457) with the fields of its code.' },
  ),
)

export const AppliedOutcome = named(
  'AppliedOutcome',
  Type.Object(
    {
      status: words(['applied']),
      replayed: Type.Boolean({ description: REPLAYED }),
      answer: Type.Unsafe<OpenedAccountWire | EntryWire | HoldWire | AssetWire | HouseAccountWire | RateWire>({
        anyOf: [Hold, Entry, OpenedAccount, Asset, HouseAccount, Rate].map((schema) => ({ $ref: `${schema.$id}#` })),
        description: 'The answer of the command, as outside a batch.',
      }),
      current: Type.Optional(Type.Unsafe<HoldWire>({ ...reference(Hold), description: CURRENT })),
    },
    { description: 'The command took effect, now or with its first request.' },
  ),
)

export const RefusedOutcome = named(
  'RefusedOutcome',
  Type.Object(
    {
      status: words(['rejected', 'faulted'], {
        description: '`rejected`: the business rules refused the command. `faulted`: a failure or a timeout.',
      }),
      problem: reference(Problem),
    },
    { description: 'The command had no effect, or the effect is unknown.' },
  ),
)

export const Batch = named(
  'Batch',
  Type.Object(
    {
      outcomes: Type.Array(Type.Union([reference(AppliedOutcome), reference(RefusedOutcome)]), {
        description: 'One outcome per command, in order.',
      }),
    },
    {
      description: 'The outcomes of the commands of a batch request.',
      examples: [{ outcomes: [{ status: 'applied', replayed: false, answer: HOLD_EXAMPLE }] }],
    },
  ),
)

export const Health = named(
  'Health',
  Type.Object({ status: words(['alive']) }, { description: 'The process is alive.' }),
)

const ExpiryState = Type.Object(
  {
    lagMs: Type.Integer({
      minimum: 0,
      description:
        'The lag: the time since the oldest due hold that is still open became due; 0 if there is none. As of the last round.',
    }),
    backlog: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description:
        'The number of due holds that the last round left open, counted up to about 10,000; null if it is not known.',
    }),
    lookAgeMs: Type.Integer({ minimum: 0, description: 'The time since this process last looked for due holds.' }),
    swept: Type.Integer({ minimum: 0, description: 'The number of due holds that this process has ended.' }),
  },
  { description: 'The state of the sweeper of this process. All processes see the same due holds.' },
)

const ReplicaState = Type.Object({
  role: words(['primary', 'replica', 'unknown']),
  lagMs: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
    description: 'By how many milliseconds its rows may be behind, at most; 0 for a primary. Null if it is not known.',
    examples: [120],
  }),
})

export const Readiness = named(
  'Readiness',
  Type.Object(
    {
      status: words(['ready']),
      expiry: Type.Union([ExpiryState, Type.Null()], { description: 'Null if this process does not sweep.' }),
      replica: Type.Union([ReplicaState, Type.Null()], {
        description:
          'The database of the reads, if the service was started with one: `serve --read-only`, or `--read-store` for its lists. Otherwise null.',
      }),
      store: Type.String({ description: 'The kind of the store.', examples: ['mysql'] }),
      warnings: Type.Array(Type.String(), {
        description:
          'Warnings about the settings of the database, for example if a crash could lose acknowledged commands. Usually at most a few ' +
          'seconds old. Empty if there are none.',
        examples: [['sync_binlog is 0 while the binary log is on: …']],
      }),
    },
    { description: 'The service can commit. Warnings do not change this status.' },
  ),
)

export type ProblemWire = Static<typeof Problem>
export type AppliedOutcomeWire = Static<typeof AppliedOutcome>
export type RefusedOutcomeWire = Static<typeof RefusedOutcome>
export type OutcomeWire = AppliedOutcomeWire | RefusedOutcomeWire
export type BatchWire = Static<typeof Batch>
export type ReadinessWire = Static<typeof Readiness>
