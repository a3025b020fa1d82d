/**
 * Tokens without a tokenizer: by bytes of UTF-8. English has about four bytes per token, source text about three, and a Chinese character is
 * three bytes and about one token.
 */

import type { MeteringLimits } from './limits.ts'

/** Counts the tokens of a text, for example with the tokenizer of the model. At least 0. */
export type CountTokens = (text: string) => number

/** For what is set aside: it must not be too small, and what is too much returns. */
const BYTES_PER_TOKEN_HELD = 3
/** For what is charged when the provider does not say: in doubt for the user. */
const BYTES_PER_TOKEN_CHARGED = 4

/** What a message costs in addition to its text, for its role and separators, as far as it is set aside. */
const MESSAGE_TOKENS = 8

function tokensHeld(text: string, count: CountTokens | undefined): number {
  return count === undefined ? Math.ceil(utf8Bytes(text) / BYTES_PER_TOKEN_HELD) : counted(text, count)
}

/** Of all that was delivered so far: `bytes` of text in total, see `utf8Bytes`. */
function tokensCharged(bytes: number): number {
  return Math.floor(bytes / BYTES_PER_TOKEN_CHARGED)
}

function counted(text: string, count: CountTokens): number {
  const tokens = count(text)
  if (Number.isFinite(tokens) && tokens >= 0) return Math.ceil(tokens)
  throw new RangeError('countTokens must return a number of at least 0.')
}

/** Without encoding it. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    // A pair of surrogates is two units and four bytes.
    if (unit > 0x7ff) bytes += unit >= 0xd800 && unit <= 0xdfff ? 1 : 2
    else if (unit > 0x7f) bytes += 1
  }
  return bytes
}

/** An estimate of a prompt: what is set aside for it, and what is charged if the provider does not tell its tokens. */
export interface PromptTokens {
  readonly held: number
  readonly charged: number
}

/** The tokens of a prompt, part by part. */
export class PromptCount implements PromptTokens {
  readonly #count: CountTokens | undefined
  readonly #fileTokens: number
  #held = 0
  #exact = 0
  #bytes = 0

  constructor({
    countTokens,
    limits,
  }: {
    readonly countTokens?: CountTokens
    readonly limits: Pick<MeteringLimits, 'fileTokens'>
  }) {
    this.#count = countTokens
    this.#fileTokens = limits.fileTokens
  }

  text(text: string): void {
    const tokens = tokensHeld(text, this.#count)
    this.#held += tokens
    if (this.#count === undefined) this.#bytes += utf8Bytes(text)
    else this.#exact += tokens
  }

  message(): void {
    this.#held += MESSAGE_TOKENS
  }

  file(): void {
    this.tokens(this.#fileTokens)
  }

  tokens(count: number): void {
    this.#held += count
    this.#exact += count
  }

  get held(): number {
    return this.#held
  }

  get charged(): number {
    return this.#exact + tokensCharged(this.#bytes)
  }
}

/** Delivered text, counted while it streams. */
export class DeliveredText {
  readonly #count: CountTokens | undefined
  #bytes = 0
  #tokens = 0

  constructor(count: CountTokens | undefined) {
    this.#count = count
  }

  add(text: string): void {
    if (this.#count === undefined) this.#bytes += utf8Bytes(text)
    else this.#tokens += counted(text, this.#count)
  }

  /** Takes back a text that was added and then not delivered. */
  remove(text: string): void {
    if (this.#count === undefined) this.#bytes -= utf8Bytes(text)
    else this.#tokens -= counted(text, this.#count)
  }

  get tokens(): number {
    return this.#count === undefined ? tokensCharged(this.#bytes) : this.#tokens
  }
}
