/** The paths of each prefix as a chain of records in one array of numbers, which garbage collection passes over. */
import type { RpkiState } from '../../model/route.ts'

/** Of a record: the path's identifier, the number of its attributes' set, and the next record with the RPKI state. */
const PATH_ID = 0
const SET = 1
const NEXT = 2
const STRIDE = 3

const RPKI_SHIFT = 30
const NEXT_MASK = 2 ** RPKI_SHIFT - 1
const RPKI_STATES: readonly RpkiState[] = ['unknown', 'not_found', 'valid', 'invalid']
const NONE = 0

/** A chain is the number of its first record; 0 is an empty one. 12 bytes a path. */
export class PathChains {
  #records = new Uint32Array(STRIDE * 16)
  #count = 1
  /** First of the freed records, chained. */
  #free = NONE

  pathId(record: number): number {
    return this.#records[record * STRIDE + PATH_ID]!
  }

  /** Number of the set of its attributes. */
  set(record: number): number {
    return this.#records[record * STRIDE + SET]!
  }

  rpki(record: number): RpkiState {
    return RPKI_STATES[this.#records[record * STRIDE + NEXT]! >>> RPKI_SHIFT]!
  }

  /** The record behind this one in its chain, or 0. */
  next(record: number): number {
    return this.#records[record * STRIDE + NEXT]! & NEXT_MASK
  }

  /** The record of the path in the chain, or 0. */
  find(chain: number, pathId: number): number {
    let record = chain
    while (record !== NONE && this.pathId(record) !== pathId) record = this.next(record)
    return record
  }

  /** Appends a path; gives the chain's first record. */
  append(chain: number, pathId: number, set: number, rpki: RpkiState): number {
    const added = this.#create()
    this.#records[added * STRIDE + PATH_ID] = pathId
    this.#records[added * STRIDE + NEXT] = NONE
    this.change(added, set, rpki)
    if (chain === NONE) return added
    let last = chain
    for (let next = this.next(last); next !== NONE; next = this.next(last)) last = next
    this.#link(last, added)
    return chain
  }

  change(record: number, set: number, rpki: RpkiState): void {
    this.#records[record * STRIDE + SET] = set
    this.#records[record * STRIDE + NEXT] = this.next(record) + RPKI_STATES.indexOf(rpki) * 2 ** RPKI_SHIFT
  }

  /** Takes a record out of its chain; gives the chain's first record, 0 when it is empty now. */
  remove(chain: number, record: number): number {
    const behind = this.next(record)
    let first = chain
    if (chain === record) {
      first = behind
    } else {
      let before = chain
      while (this.next(before) !== record) before = this.next(before)
      this.#link(before, behind)
    }
    this.#records[record * STRIDE + NEXT] = this.#free
    this.#free = record
    return first
  }

  clear(): void {
    this.#records = new Uint32Array(STRIDE * 16)
    this.#count = 1
    this.#free = NONE
  }

  #link(record: number, next: number): void {
    const at = record * STRIDE + NEXT
    this.#records[at] = (this.#records[at]! & ~NEXT_MASK) | next
  }

  #create(): number {
    const record = this.#free
    if (record !== NONE) {
      this.#free = this.next(record)
      return record
    }
    if ((this.#count + 1) * STRIDE > this.#records.length) {
      const larger = new Uint32Array(2 * this.#records.length)
      larger.set(this.#records)
      this.#records = larger
    }
    return this.#count++
  }
}
