/** Where each value of a configuration file stands, and the faults found there. */
import type { LineCounter } from 'yaml'
import { formatKeyPath, type Fault, type KeyPath } from './config-error.ts'

export interface Place {
  readonly line: number
  readonly col: number
}

/** Which part of a key and its value a fault points to. */
export type Part = 'key' | 'value'

export class Places {
  readonly #lines: LineCounter
  readonly #places = new Map<string, Record<Part, Place>>()
  readonly #faults: Fault[] = []
  /** Paths of the faults. */
  readonly #faulty = new Set<string>()

  constructor(lines: LineCounter) {
    this.#lines = lines
  }

  /** All that was reported, in the order of the file. */
  get faults(): readonly Fault[] {
    return [...this.#faults].sort((a, b) => a.line - b.line || a.col - b.col)
  }

  /** Line and column of an offset into the text. */
  at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    return { line: Math.max(1, line), col: Math.max(1, col) }
  }

  set(path: KeyPath, key: Place, value: Place): void {
    this.#places.set(formatKeyPath(path), { key, value })
  }

  has(path: KeyPath): boolean {
    return this.#places.has(formatKeyPath(path))
  }

  keyLine(path: KeyPath): number | undefined {
    return this.#places.get(formatKeyPath(path))?.key.line
  }

  /** A fault of the file as a whole or of its syntax. */
  reportFile(message: string, place: Place = { line: 1, col: 1 }): void {
    this.#add(place, '(file)', message)
  }

  /**
   * A fault of one key. A missing key is placed at what should hold it; a second fault of one key is
   * dropped.
   */
  report(path: KeyPath, message: string, part: Part = 'value'): void {
    // a lone value that stands for a list of one has no element of its own
    const named = typeof path.at(-1) === 'number' && !this.has(path) ? path.slice(0, -1) : path
    const name = formatKeyPath(named)
    if (this.#faulty.has(name)) return
    let holder = named
    while (holder.length > 0 && !this.has(holder)) holder = holder.slice(0, -1)
    const places = this.#places.get(formatKeyPath(holder))
    const place = places?.[holder === named ? part : 'key'] ?? { line: 1, col: 1 }
    this.#add(place, name, message)
  }

  /** True when the key or what holds it has a fault: its value is then not what the file says. */
  isFaulty(path: KeyPath): boolean {
    return path.some((_, i) => this.#faulty.has(formatKeyPath(path.slice(0, i + 1))))
  }

  /** A fault quotes the file, and stays one line of printable text all the same. */
  #add({ line, col }: Place, path: string, message: string): void {
    this.#faulty.add(path)
    this.#faults.push({ line, col, path, message: message.replaceAll(/\p{Cc}+/gu, ' ') })
  }
}
