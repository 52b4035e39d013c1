/** A full table as a router with many exits tells it: prefixes in groups that share attributes, several paths of each. */
import { encodeAnnouncement, encodePrefix, encodeWithdrawal, type UpdateAttributes } from './bgp-message.ts'

/** Prefixes as `full-table` writes them: rows of the address's words and the length. */
export interface PrefixTable {
  readonly family: 4 | 6
  readonly rows: Uint32Array
}

export interface FeedShape {
  /** Paths of each prefix, each by another exit. */
  readonly paths: number
  /** Exits of the router; the next hops of exit n are 172.16.n.1 and 2001:db8:n::1. */
  readonly exits: number
  /**
   * Prefixes that share their attributes, on average. Full feeds of today have five to six prefixes by
   * AS_PATH and communities; some groups have one, few have many.
   */
  readonly prefixesPerGroup: number
}

const SEED = 0x2545f491
const MOST_PER_UPDATE = 300
const LOCAL_PREFS = [200, 150, 100]

export class FullFeed {
  readonly family: 4 | 6
  readonly #table: PrefixTable
  readonly #shape: FeedShape
  readonly #stride: number
  /** Row at which each group begins, and where the last one ends. */
  readonly #starts: readonly number[]

  constructor(table: PrefixTable, shape: FeedShape) {
    this.family = table.family
    this.#table = table
    this.#shape = shape
    this.#stride = table.family === 4 ? 2 : 5
    const count = table.rows.length / this.#stride
    const starts = [0]
    for (let row = 0; row < count;) {
      row = Math.min(count, row + groupSize(hash(row), shape.prefixesPerGroup))
      starts.push(row)
    }
    this.#starts = starts
  }

  get prefixes(): number {
    return this.#starts.at(-1)!
  }

  get groups(): number {
    return this.#starts.length - 1
  }

  get paths(): number {
    return this.prefixes * this.#shape.paths
  }

  /** The exit of a group's n-th path, from 0. */
  exitOf(group: number, path: number): number {
    const { exits, paths } = this.#shape
    return ((hash(group) % exits) + path * Math.floor(exits / paths)) % exits
  }

  /** Announces everything, path by path, as a router does that learns from one neighbor after another. */
  *announcements(): Generator<Buffer> {
    for (let path = 0; path < this.#shape.paths; path++) {
      for (let group = 0; group < this.groups; group++) yield* this.announce(group, path, 0)
    }
    yield encodeWithdrawal(this.#table.family, Buffer.alloc(0))
  }

  *withdrawals(): Generator<Buffer> {
    for (let path = 0; path < this.#shape.paths; path++) {
      for (let group = 0; group < this.groups; group++) yield* this.withdraw(group, path)
    }
  }

  /** One path of a group's prefixes; another `version` has other attributes. */
  *announce(group: number, path: number, version: number): Generator<Buffer> {
    const attributes = this.attributesOf(group, path, version)
    for (const nlri of this.#nlris(group, path)) yield encodeAnnouncement(attributes, nlri)
  }

  attributesOf(group: number, path: number, version: number): UpdateAttributes {
    const exit = this.exitOf(group, path)
    const noise = hash(group * 31 + path * 7 + version * 131)
    const hops = 1 + (noise % 5)
    return {
      nextHop: this.#table.family === 4
        ? Uint8Array.of(172, 16, exit, 1)
        : Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, exit, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
      asPath: [64_600 + exit, ...Array.from({ length: hops }, (_, i) => 1000 + (hash(group + i * 977) % 400_000))],
      med: noise % 16,
      localPref: LOCAL_PREFS[path % LOCAL_PREFS.length]!,
      communities: Array.from({ length: noise % 9 }, (_, i) => (64_600 + exit) * 65_536 + (hash(noise + i) % 4000)),
    }
  }

  /** Hands over a group's prefixes, as their words and lengths. */
  eachPrefix(group: number, take: (words: Uint32Array, length: number) => void): void {
    for (let row = this.#starts[group]!; row < this.#starts[group + 1]!; row++) {
      const end = (row + 1) * this.#stride - 1
      take(this.#table.rows.subarray(row * this.#stride, end), this.#table.rows[end]!)
    }
  }

  *withdraw(group: number, path: number): Generator<Buffer> {
    for (const nlri of this.#nlris(group, path)) yield encodeWithdrawal(this.#table.family, nlri)
  }

  sizeOf(group: number): number {
    return this.#starts[group + 1]! - this.#starts[group]!
  }

  *#nlris(group: number, path: number): Generator<Buffer> {
    const end = this.#starts[group + 1]!
    for (let row = this.#starts[group]!; row < end;) {
      const bytes = Buffer.allocUnsafe(MOST_PER_UPDATE * 21)
      let at = 0
      for (const last = Math.min(end, row + MOST_PER_UPDATE / 3); row < last; row++) {
        const words = this.#table.rows.subarray(row * this.#stride, (row + 1) * this.#stride - 1)
        at = encodePrefix(bytes, at, path + 1, words, this.#table.rows[(row + 1) * this.#stride - 1]!)
      }
      yield bytes.subarray(0, at)
    }
  }
}

/** Many small groups, few large ones: exponential in size, at least one. */
function groupSize(random: number, mean: number): number {
  return 1 + Math.floor(-Math.log(1 - random / 2 ** 32) * (mean - 1))
}

/** The same random number for the same value, 32 bits. */
export function hash(value: number): number {
  let h = Math.imul(value ^ SEED, 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b)
  return (h ^ (h >>> 13)) >>> 0
}
