import { latin1 } from './latin1.ts'

/** What texts mean that come again and again, found by their bytes. */
export class Meanings<T> {
  readonly #known: { readonly bytes: Uint8Array; readonly meaning: T }[] = []
  readonly #read: (text: string) => T
  #last = -1

  constructor(read: (text: string) => T) {
    this.#read = read
  }

  of(bytes: Uint8Array, start: number, end: number): T {
    const MOST_KEPT = 64
    const known = this.#known
    // They come in the same order again.
    for (let i = 0; i < known.length; i++) {
      if (++this.#last >= known.length) this.#last = 0
      if (isEqual(known[this.#last]!.bytes, bytes, start, end)) return known[this.#last]!.meaning
    }
    const meaning = this.#read(latin1(bytes, start, end))
    if (this.#known.length < MOST_KEPT) this.#known.push({ bytes: bytes.slice(start, end), meaning })
    return meaning
  }
}

/** The last bytes first: names of types begin alike. */
function isEqual(own: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (own.length !== end - start) return false
  for (let i = own.length - 1; i >= 0; i--) if (own[i] !== bytes[start + i]) return false
  return true
}
