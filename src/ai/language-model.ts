/** Middleware of the AI SDK for language models. */
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4Middleware,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider'
import { CallMeter, countOf, inputOf, type CallPlan, type ToldUsage } from './call-meter.ts'
import { meteringOf, type CreditsOptions, type Metering, type SettledCall } from './credits-options.ts'
import { MeteredStream, type PieceMeaning, type StreamReading } from './metered-stream.ts'
import { promptFingerprint, promptTokens } from './prompt-tokens.ts'
import { payerOf } from './payer.ts'

/**
 * Charges for the calls of a language model: `wrapLanguageModel({ model, middleware: credits({ ledger, prices }) })`. Who pays is said with
 * each call: `providerOptions: { holdfast: { account: 'user:8', requestId } }`.
 *
 * Every step of a loop with tools and every attempt has a hold of its own; a failed attempt is released. `providerMetadata.holdfast` of the
 * answer has the hold and what it cost.
 *
 * The call fails with `CreditsError`, an `APICallError` of the SDK, if it cannot be paid or was made before, and with a `LedgerError`
 * `invalid_request` if the account is missing or the model has no price.
 */
export function credits(options: CreditsOptions): LanguageModelV4Middleware {
  const metering = meteringOf(options)
  return {
    specificationVersion: 'v4',

    async wrapGenerate({ params, model }) {
      const meter = await CallMeter.begin(planOf(params, model, metering, false), metering)
      let result: LanguageModelV4GenerateResult
      try {
        result = await model.doGenerate(payable(params, meter))
      } catch (error) {
        await meter.end(params.abortSignal?.aborted === true ? 'aborted' : 'failed')
        throw error
      }
      for (const part of result.content) meter.note(textOf(part))
      const settled = await meter.end('done', toldOf(result.usage))
      return { ...result, ...withBill(result, meter, settled) }
    },

    async wrapStream({ doStream, params, model }) {
      const meter = await CallMeter.begin(planOf(params, model, metering, true), metering)
      try {
        const result = await doStream()
        const stream = new MeteredStream(result.stream, meter, metering.limits, READING)
        return { ...result, stream: stream.readable(params.abortSignal) }
      } catch (error) {
        await meter.end(params.abortSignal?.aborted === true ? 'aborted' : 'failed')
        throw error
      }
    },
  }
}

function planOf(
  params: LanguageModelV4CallOptions,
  { provider, modelId: model }: { readonly provider: string; readonly modelId: string },
  metering: Metering,
  isStream: boolean,
): CallPlan {
  const { maxOutputTokens } = params
  return {
    provider,
    model,
    ...payerOf(params.providerOptions, metering),
    contents: promptFingerprint(params.prompt),
    ...inputOf(promptTokens(params.prompt, params.tools, metering)),
    ...(maxOutputTokens === undefined ? {} : { outputTokensMax: maxOutputTokens }),
    isStream,
  }
}

/** An answer that comes in one piece cannot raise its hold, so it may only be as long as can be paid. */
function payable(params: LanguageModelV4CallOptions, meter: CallMeter): LanguageModelV4CallOptions {
  return meter.isBoundByCoins ? { ...params, maxOutputTokens: meter.payableTokens } : params
}

function textOf(part: LanguageModelV4Content): string {
  if (part.type === 'text' || part.type === 'reasoning') return part.text
  return part.type === 'tool-call' ? part.input : ''
}

/** Parts without text that the user gets all the same. */
const GIVEN: ReadonlySet<string> = new Set(['tool-call', 'tool-result', 'file', 'reasoning-file', 'source'])

const READING: StreamReading<LanguageModelV4StreamPart> = {
  meaningOf: readPart,
  atEnd: () => null,
  refusal: (error) => ({ type: 'error', error }),
}

function readPart(part: LanguageModelV4StreamPart): PieceMeaning<LanguageModelV4StreamPart> {
  if ('delta' in part) return { delivers: part.delta }
  if (part.type === 'error') return { breaks: true }
  if (part.type === 'finish') {
    return {
      finishes: toldOf(part.usage),
      finished: (meter, settled) => ({ ...part, ...withBill(part, meter, settled) }),
    }
  }
  return GIVEN.has(part.type) ? { delivers: '' } : {}
}

/** A part that a provider leaves out is null. Providers that tell nothing give `undefined` everywhere, or zeros. */
function toldOf({ inputTokens: input, outputTokens: output }: LanguageModelV4Usage): ToldUsage {
  const [inputTotal, outputTotal] = [countOf(input.total), countOf(output.total)]
  // No prompt is empty.
  const isInputTold = inputTotal !== null && inputTotal > 0
  const [cacheRead, cacheWrite] = [countOf(input.cacheRead) ?? 0, countOf(input.cacheWrite) ?? 0]
  const reasoning = countOf(output.reasoning) ?? 0
  return {
    input: isInputTold
      ? {
          inputTokens: Math.max(0, inputTotal - cacheRead - cacheWrite),
          cacheReadTokens: cacheRead,
          cacheWriteTokens: cacheWrite,
        }
      : null,
    // A provider that does not know the prompt does not know the answer either.
    output:
      outputTotal === null || !isInputTold
        ? null
        : { outputTokens: Math.max(0, outputTotal - reasoning), reasoningTokens: Math.min(reasoning, outputTotal) },
  }
}

function withBill(
  { providerMetadata }: Pick<LanguageModelV4GenerateResult, 'providerMetadata'>,
  meter: CallMeter,
  settled: SettledCall | null,
): Pick<LanguageModelV4GenerateResult, 'providerMetadata'> {
  const bill =
    settled === null ? { hold: meter.holdId } : { hold: meter.holdId, cost: `${settled.cost}`, exact: settled.exact }
  return { providerMetadata: { ...providerMetadata, holdfast: bill } }
}
