/** Middleware of the AI SDK for image models. */
import type { ImageModelV4CallOptions, ImageModelV4Middleware, ImageModelV4Result } from '@ai-sdk/provider'
import type { ModelPrices } from '../prices/price-table.ts'
import { tariffOf } from '../prices/bill.ts'
import type { Usage } from '../prices/usage.ts'
import { CallMeter, countOf, inputOf, type CallPlan, type ToldUsage } from './call-meter.ts'
import { meteringOf, type CreditsOptions, type Metering } from './credits-options.ts'
import { payerOf } from './payer.ts'
import { PromptCount } from './token-estimate.ts'

/**
 * Charges for images: `wrapImageModel({ model, middleware: imageCredits({ ledger, prices }) })`. Who pays is said as for `credits`, which
 * also says what is thrown. A model that has a price per image is charged per image that came; another one by its tokens, of which
 * `outputTokensMax` in the prices is the most per image.
 */
export function imageCredits(options: CreditsOptions): ImageModelV4Middleware {
  const metering = meteringOf(options)
  return {
    specificationVersion: 'v4',

    async wrapGenerate({ doGenerate, params, model }) {
      const { provider = model.provider } = metering
      const { prices } = tariffOf(metering.prices, { provider, model: model.modelId })
      const plan = {
        provider: model.provider,
        model: model.modelId,
        ...payerOf(params.providerOptions, metering),
        ...inputOfImages(params, prices, metering),
        outputTokensMax: (prices.outputTokensMax ?? metering.limits.outputTokensMax) * params.n,
        isStream: false,
      }
      const meter = await CallMeter.begin(plan, metering)
      try {
        const result = await doGenerate()
        meter.note('')
        await meter.end('done', toldOf(result, meter.tariff.prices))
        return result
      } catch (error) {
        await meter.end(params.abortSignal?.aborted === true ? 'aborted' : 'failed')
        throw error
      }
    },
  }
}

function inputOfImages(
  { prompt, n, files = [] }: ImageModelV4CallOptions,
  prices: ModelPrices,
  metering: Metering,
): Pick<CallPlan, 'input' | 'inputCharged'> {
  const count = new PromptCount(metering)
  count.text(prompt ?? '')
  for (const _ of files) count.file()
  const images = prices.image === undefined ? {} : { images: n }
  const { input, inputCharged } = prices.input === undefined ? { input: {}, inputCharged: {} } : inputOf(count)
  return { input: { ...input, ...images }, inputCharged: { ...inputCharged, ...images } }
}

function toldOf({ images, usage }: ImageModelV4Result, prices: ModelPrices): ToldUsage {
  const [inputTokens, outputTokens] = [countOf(usage?.inputTokens), countOf(usage?.outputTokens)]
  const count: Usage = prices.image === undefined ? {} : { images: images.length }
  const isInputKnown = prices.input === undefined || inputTokens !== null
  const isOutputKnown = prices.output === undefined || outputTokens !== null
  return {
    input: isInputKnown ? { ...count, ...(prices.input === undefined ? {} : { inputTokens: inputTokens! }) } : null,
    output: isOutputKnown ? (prices.output === undefined ? {} : { outputTokens: outputTokens! }) : null,
  }
}
