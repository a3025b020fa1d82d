/** A queue without shifting elements on every removal. */
export class Fifo<Item> {
  #items: Item[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  /** Undefined when it is empty. */
  shift(): Item | undefined {
    const item = this.#items[this.#head]
    if (item === undefined) return undefined
    this.#head++
    if (this.#head > 1_024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** At most `count` elements. */
  take(count: number): readonly Item[] {
    const taken: Item[] = []
    for (let item = count > 0 ? this.shift() : undefined; item !== undefined;) {
      taken.push(item)
      item = taken.length < count ? this.shift() : undefined
    }
    return taken
  }
}
