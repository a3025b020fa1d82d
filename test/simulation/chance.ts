/**
 * Random numbers from a seed: the same name gives the same draws on every machine. Every part of a simulation has its own stream, so the
 * removal of one part changes little about the others.
 */

export class Chance {
  readonly #name: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(name: string) {
    this.#name = name
    const words = hashOf(name)
    this.#a = words[0]
    this.#b = words[1]
    this.#c = words[2]
    for (let round = 0; round < 12; round++) this.#next()
  }

  /** An independent stream. */
  stream(name: string): Chance {
    return new Chance(`${this.#name}/${name}`)
  }

  /** 0 (included) to 1 (excluded). */
  fraction(): number {
    return this.#next() / 0x1_0000_0000
  }

  /** 0 to `count` − 1. */
  below(count: number): number {
    return Math.floor(this.fraction() * count)
  }

  /** Whole numbers, both ends included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  amountBetween(least: bigint, most: bigint): bigint {
    return least + BigInt(this.below(Number(most - least) + 1))
  }

  likely(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)]!
  }

  /** One of the keys, with a probability in proportion to its weight. */
  weighted<Key extends string>(weights: Readonly<Record<Key, number>>): Key {
    const rows = Object.entries(weights) as [Key, number][]
    let left = this.fraction() * rows.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [key, weight] of rows) {
      left -= weight
      if (left < 0) return key
    }
    return rows.at(-1)![0]
  }

  /** The waiting times of independent arrivals: many are short, few are long. */
  exponential(mean: number): number {
    return -Math.log(1 - this.fraction()) * mean
  }

  /** sfc32 of PractRand (https://pracrand.sourceforge.net, public domain): 32 bits per draw, a period of at least 2^32. */
  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter++) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return sum >>> 0
  }
}

/** Three words from a text, by FNV-1a with three different offsets. */
function hashOf(text: string): [number, number, number] {
  const words: [number, number, number] = [0x811c9dc5, 0x01000193, 0x9e3779b9]
  for (let index = 0; index < text.length; index++) {
    for (const lane of [0, 1, 2] as const)
      words[lane] = Math.imul(words[lane] ^ (text.charCodeAt(index) + lane), 0x01000193)
  }
  return words
}
