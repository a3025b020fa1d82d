/** A model that needs no provider: it streams what it was asked, word by word, and tells its usage. */
import type { LanguageModelV4, LanguageModelV4StreamPart } from '@ai-sdk/provider'

const WORD_MS = 40
const WORDS_MAX = 120

export const demoModel: LanguageModelV4 = {
  specificationVersion: 'v4',
  provider: 'demo',
  modelId: 'demo',
  supportedUrls: {},

  doGenerate: () => Promise.reject(new Error('The demo model only streams.')),

  doStream({ prompt, abortSignal }) {
    const question = prompt.at(-1)?.content
    const part = Array.isArray(question) ? question.find(({ type }) => type === 'text') : undefined
    const text = part !== undefined && 'text' in part ? part.text : ''
    const words = `You said: ${text} `.repeat(4).split(' ').slice(0, WORDS_MAX)
    const stream = new ReadableStream<LanguageModelV4StreamPart>({
      start(controller) {
        controller.enqueue({ type: 'stream-start', warnings: [] })
        controller.enqueue({ type: 'text-start', id: '1' })
      },
      async pull(controller) {
        const word = words.shift()
        if (word !== undefined) {
          await new Promise((resolve) => setTimeout(resolve, WORD_MS))
          if (abortSignal?.aborted === true) return controller.error(abortSignal.reason)
          return controller.enqueue({ type: 'text-delta', id: '1', delta: `${word} ` })
        }
        controller.enqueue({ type: 'text-end', id: '1' })
        controller.enqueue({
          type: 'finish',
          finishReason: { unified: 'stop', raw: 'stop' },
          usage: usageOf(text.length),
        })
        controller.close()
      },
    })
    return Promise.resolve({ stream })
  },
}

function usageOf(length: number) {
  const tokens = Math.ceil(length / 4) + 1
  return {
    inputTokens: { total: tokens, noCache: tokens, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 4 * tokens, text: 4 * tokens, reasoning: 0 },
  }
}
