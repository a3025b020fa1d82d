/**
 * What metering has to understand of the OpenAI protocol: `chat/completions`, `completions` and `embeddings`. Everything comes from outside, and
 * is taken for what it is only after a look.
 */
import { LedgerError } from '../api/error.ts'
import { recordOf } from '../prices/price-table.ts'
import { countOf, type ToldUsage } from './call-meter.ts'
import type { Metering } from './credits-options.ts'
import { PromptCount, type PromptTokens } from './token-estimate.ts'

type Fields = Readonly<Record<string, unknown>>

/** A request, as far as its cost depends on it. */
export interface OpenAiRequest {
  readonly body: Fields
  readonly model: string
  readonly prompt: PromptTokens
  /** Of all choices together; undefined: the caller set no maximum. 0 for embeddings. */
  readonly outputTokensMax: number | undefined
  readonly choices: number
  readonly isStream: boolean
  /** Whether the caller wants the event that only has the usage. */
  readonly wantsUsage: boolean
}

/** @throws LedgerError `invalid_request` */
export function readRequest(text: unknown, metering: Pick<Metering, 'countTokens' | 'limits'>): OpenAiRequest {
  const body = typeof text === 'string' ? recordOf(parsed(text)) : null
  if (body === null) throw LedgerError.invalid('', 'The body must be the text of a JSON object.')
  const { model, messages, prompt, input, stream, tools } = body
  if (typeof model !== 'string') throw LedgerError.invalid('/model', 'model must be a text.')
  const source = messages ?? prompt ?? input
  if (source === undefined) throw LedgerError.invalid('', 'The body needs messages, prompt or input.')
  const isEmbedding = messages === undefined && prompt === undefined
  const choices = countOf(body['n']) ?? 1
  const max = countOf(body['max_completion_tokens']) ?? countOf(body['max_tokens'])
  const count = new PromptCount(metering)
  countPrompt(source, count)
  if (tools !== undefined) count.text(JSON.stringify(tools))
  return {
    body,
    model,
    prompt: count,
    outputTokensMax: isEmbedding ? 0 : max === null ? undefined : max * Math.max(choices, 1),
    choices: Math.max(choices, 1),
    isStream: stream === true,
    wantsUsage: recordOf(body['stream_options'])?.['include_usage'] === true,
  }
}

/** Texts count by their length, files in a message by `fileTokens`, and lists of numbers are tokens already. */
function countPrompt(source: unknown, count: PromptCount): void {
  if (typeof source === 'string') return count.text(source)
  if (typeof source === 'number') return count.tokens(1)
  if (Array.isArray(source)) {
    for (const each of source) countPrompt(each, count)
    return
  }
  const record = recordOf(source)
  if (record === null) return
  if (typeof record['role'] === 'string') {
    count.message()
    if (record['tool_calls'] !== undefined) count.text(JSON.stringify(record['tool_calls']))
    countPrompt(record['content'], count)
  } else if (record['type'] === 'text') countPrompt(record['text'], count)
  else count.file()
}

/** The body to send: with the usage asked for, and with no longer answer than can be paid. */
export function bodyToSend({ body, isStream, choices }: OpenAiRequest, payableTokens: number | null): string {
  const usage = isStream ? { stream_options: { ...recordOf(body['stream_options']), include_usage: true } } : {}
  if (payableTokens === null) return JSON.stringify({ ...body, ...usage })
  const field = body['max_completion_tokens'] === undefined ? 'max_tokens' : 'max_completion_tokens'
  return JSON.stringify({ ...body, ...usage, [field]: Math.max(1, Math.floor(payableTokens / choices)) })
}

/** The usage in an answer or an event. What is missing or no count is null. */
export function usageIn(value: unknown, isEmbedding: boolean): ToldUsage {
  const usage = recordOf(recordOf(value)?.['usage'])
  const [prompt, completion] = [countOf(usage?.['prompt_tokens']), countOf(usage?.['completion_tokens'])]
  // No prompt is empty: a provider that says 0 does not know.
  const isTold = prompt !== null && prompt > 0
  const cached = countOf(recordOf(usage?.['prompt_tokens_details'])?.['cached_tokens']) ?? 0
  const reasoning = countOf(recordOf(usage?.['completion_tokens_details'])?.['reasoning_tokens']) ?? 0
  const cacheReadTokens = Math.min(cached, prompt ?? 0)
  const reasoningTokens = Math.min(reasoning, completion ?? 0)
  const output = completion === null || !isTold ? null : { outputTokens: completion - reasoningTokens, reasoningTokens }
  return {
    input: isTold ? { inputTokens: prompt - cacheReadTokens, cacheReadTokens } : null,
    output: isEmbedding ? {} : output,
  }
}

/** The text that an answer or an event delivers. */
export function textIn(value: unknown): string {
  const choices = recordOf(value)?.['choices']
  if (!Array.isArray(choices)) return ''
  return choices.map((each) => textOfChoice(recordOf(each))).join('')
}

function textOfChoice(choice: Fields | null): string {
  const piece = recordOf(choice?.['delta']) ?? recordOf(choice?.['message']) ?? choice
  if (piece === null) return ''
  const texts = [piece['content'], piece['text'], piece['reasoning_content'], piece['reasoning']]
  const calls = Array.isArray(piece['tool_calls']) ? piece['tool_calls'] : []
  const ofCalls = calls.map((call) => recordOf(recordOf(call)?.['function'])?.['arguments'])
  return [...texts, ...ofCalls].filter((each) => typeof each === 'string').join('')
}

/** Whether an event has the last piece of a choice. */
export function isFinishIn(value: unknown): boolean {
  const choices = recordOf(value)?.['choices']
  return Array.isArray(choices) && choices.some((each) => typeof recordOf(each)?.['finish_reason'] === 'string')
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
