/** The tokens of a prompt of the AI SDK, estimated for the hold. */
import type { LanguageModelV4CallOptions } from '@ai-sdk/provider'
import { fingerprintOf } from '../domain/fingerprint.ts'
import type { Metering } from './credits-options.ts'
import { MESSAGE_TOKENS, tokensHeld } from './token-estimate.ts'

type Prompt = LanguageModelV4CallOptions['prompt']

export function promptTokens(
  prompt: Prompt,
  tools: LanguageModelV4CallOptions['tools'],
  { countTokens, limits }: Pick<Metering, 'countTokens' | 'limits'>,
): number {
  let fileCount = 0
  const texts: string[] = tools === undefined ? [] : [JSON.stringify(tools)]
  for (const { content } of prompt) {
    if (typeof content === 'string') texts.push(content)
    else {
      for (const part of content) {
        if (part.type === 'text' || part.type === 'reasoning') texts.push(part.text)
        else if (part.type === 'file') fileCount += 1
        else texts.push(textOf(part))
      }
    }
  }
  const tokens = texts.reduce((sum, text) => sum + tokensHeld(text, countTokens), 0)
  return tokens + prompt.length * MESSAGE_TOKENS + fileCount * limits.fileTokens
}

/** Calls and results of tools, as JSON. Binary data in them is not text. */
function textOf(part: object): string {
  return JSON.stringify(part, (_key, value: unknown) => (ArrayBuffer.isView(value) ? '' : value))
}

/** Distinguishes prompts. What differs only in the bytes of a file counts as the same. */
export function promptFingerprint(prompt: Prompt): number {
  return fingerprintOf(textOf(prompt))
}
