/** Middleware of the AI SDK for embedding models. */
import type { EmbeddingModelV4Middleware } from '@ai-sdk/provider'
import { CallMeter, countOf, inputOf } from './call-meter.ts'
import { meteringOf, type CreditsOptions } from './credits-options.ts'
import { payerOf } from './payer.ts'
import { PromptCount } from './token-estimate.ts'

/**
 * Charges for embeddings: `wrapEmbeddingModel({ model, middleware: embeddingCredits({ ledger, prices }) })`. Who pays is said as for
 * `credits`, which also says what is thrown. `embedMany` has a hold for each call that it makes.
 */
export function embeddingCredits(options: CreditsOptions): EmbeddingModelV4Middleware {
  const metering = meteringOf(options)
  return {
    specificationVersion: 'v4',

    async wrapEmbed({ doEmbed, params, model }) {
      const count = new PromptCount(metering)
      for (const value of params.values) count.text(value)
      const plan = {
        provider: model.provider,
        model: model.modelId,
        ...payerOf(params.providerOptions, metering),
        ...inputOf(count),
        outputTokensMax: 0,
        isStream: false,
      }
      const meter = await CallMeter.begin(plan, metering)
      try {
        const result = await doEmbed()
        const used = countOf(result.usage?.tokens)
        meter.note('')
        await meter.end('done', { input: used === null ? null : { inputTokens: used }, output: {} })
        return result
      } catch (error) {
        await meter.end(params.abortSignal?.aborted === true ? 'aborted' : 'failed')
        throw error
      }
    },
  }
}
