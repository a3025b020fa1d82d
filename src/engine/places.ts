/** Items in the order of their places. Items at one place are in the order in which they came. */

interface Placed<Item> {
  readonly place: number
  readonly item: Item
}

/** Taken slots before the head that are worth a copy. */
const TAKEN_MIN = 1_024

export class Places<Item> {
  #placed: Placed<Item>[] = []
  #head = 0

  get isEmpty(): boolean {
    return this.#head === this.#placed.length
  }

  /** The greatest place; -Infinity without items. */
  get last(): number {
    return this.isEmpty ? -Infinity : this.#placed.at(-1)!.place
  }

  /** The first item, which must exist, and its place. */
  first(): Placed<Item> {
    return this.#placed[this.#head]!
  }

  put(place: number, item: Item): void {
    let low = this.#head
    let high = this.#placed.length
    // Most items go to the end.
    if (place >= this.last) low = high
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#placed[middle]!.place <= place) low = middle + 1
      else high = middle
    }
    if (low === this.#placed.length) this.#placed.push({ place, item })
    else this.#placed.splice(low, 0, { place, item })
  }

  removeFirst(): void {
    this.#head++
    if (this.isEmpty) {
      this.#placed = []
      this.#head = 0
    } else if (this.#head > TAKEN_MIN && this.#head * 2 > this.#placed.length) {
      this.#placed = this.#placed.slice(this.#head)
      this.#head = 0
    }
  }

  keep(isKept: (item: Item) => boolean): void {
    this.#placed = this.#placed.slice(this.#head).filter(({ item }) => isKept(item))
    this.#head = 0
  }

  *items(): Generator<Item, void> {
    for (let index = this.#head; index < this.#placed.length; index++) yield this.#placed[index]!.item
  }
}
