/**
 * How long the answers of a model are, learned from the last ones. A hold of nine out of ten answers is a fraction of the longest possible
 * one, so many calls of one user fit beside each other; a stream that needs more raises its hold.
 */

/** Fewer answers say too little. */
const ANSWERS_MIN = 8
const ANSWERS_MAX = 64
const SHARE = 0.9
/** Models that are remembered; beyond it, the one that was heard of first is forgotten. */
const MODELS_MAX = 512

export class LearnedOutput {
  readonly #byModel = new Map<string, number[]>()

  learn(model: string, outputTokens: number): void {
    const answers = this.#byModel.get(model) ?? []
    answers.push(outputTokens)
    if (answers.length > ANSWERS_MAX) answers.shift()
    this.#byModel.set(model, answers)
    if (this.#byModel.size > MODELS_MAX) this.#byModel.delete(this.#byModel.keys().next().value!)
  }

  /** The length that nine of ten answers do not exceed, at least 1; null as long as too little is known. */
  estimate(model: string): number | null {
    const answers = this.#byModel.get(model)
    if (answers === undefined || answers.length < ANSWERS_MIN) return null
    const sorted = answers.toSorted((left, right) => left - right)
    return Math.max(1, sorted[Math.ceil(sorted.length * SHARE) - 1]!)
  }
}
