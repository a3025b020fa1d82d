/** The tokens of a prompt of the AI SDK, estimated for the hold. */
import type { LanguageModelV4CallOptions } from '@ai-sdk/provider'
import { fingerprintOf } from '../domain/fingerprint.ts'
import type { Metering } from './credits-options.ts'
import { PromptCount, type PromptTokens } from './token-estimate.ts'

type Prompt = LanguageModelV4CallOptions['prompt']

export function promptTokens(
  prompt: Prompt,
  tools: LanguageModelV4CallOptions['tools'],
  metering: Pick<Metering, 'countTokens' | 'limits'>,
): PromptTokens {
  const count = new PromptCount(metering)
  if (tools !== undefined) count.text(JSON.stringify(tools))
  for (const { content } of prompt) {
    count.message()
    if (typeof content === 'string') count.text(content)
    else {
      for (const part of content) {
        if (part.type === 'text' || part.type === 'reasoning') count.text(part.text)
        else if (part.type === 'file') count.file()
        else count.text(textOf(part))
      }
    }
  }
  return count
}

/** Calls and results of tools, as JSON. Binary data in them is not text. */
function textOf(part: object): string {
  return JSON.stringify(part, (_key, value: unknown) => (ArrayBuffer.isView(value) ? '' : value))
}

/** Distinguishes prompts. What differs only in the bytes of a file counts as the same. */
export function promptFingerprint(prompt: Prompt): number {
  return fingerprintOf(textOf(prompt))
}
