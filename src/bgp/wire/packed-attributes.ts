/** The attributes of a path as a row of numbers: equal rows are equal attributes, and no others. Pure. */
import type { Address } from '../../model/prefix.ts'
import type { AsSegment, LargeCommunity, Origin, PathAttributes } from '../../model/route.ts'

/**
 * Signed 32-bit numbers: a word of flags and the number of large communities, a word of the other numbers,
 * next hop, MED, LOCAL_PREF and ORIGINATOR_ID where they are there, then AS_PATH (a word of type and length
 * before each segment), communities and large communities.
 */
export type PackedAttributes = readonly number[]

/** The same within a larger row. */
export type PackedRow = ArrayLike<number>

const IPV6 = 1
const ORIGIN_SHIFT = 1
const HAS_MED = 8
const HAS_LOCAL_PREF = 16
const HAS_ORIGINATOR = 32
const LARGE_SHIFT = 8
/** More than fit into an UPDATE (RFC 4271, section 4.1), and into 16 bits. */
const MOST_WORDS = 0xffff

/** Types of AS_PATH segments (RFC 5065, section 3); GoBGP's API has the same numbers. */
export const SEGMENT = { set: 1, sequence: 2, confed_sequence: 3, confed_set: 4 } as const

const KINDS: ReadonlyMap<number, AsSegment['kind']> = new Map(
  Object.entries(SEGMENT).map(([kind, type]) => [type, kind as AsSegment['kind']]),
)

/** Where the parts of a packed row begin. */
function layoutOf(row: PackedRow, at: number) {
  const flags = row[at]!
  const counts = row[at + 1]!
  const nextHop = at + 2
  const med = nextHop + ((flags & IPV6) === 0 ? 1 : 4)
  const localPref = med + ((flags & HAS_MED) === 0 ? 0 : 1)
  const originator = localPref + ((flags & HAS_LOCAL_PREF) === 0 ? 0 : 1)
  const asPath = originator + ((flags & HAS_ORIGINATOR) === 0 ? 0 : 1)
  const communities = asPath + (counts & 0xffff)
  const large = communities + (counts >>> 16)
  return { flags, nextHop, med, localPref, originator, asPath, communities, large, end: large + 3 * (flags >>> LARGE_SHIFT) }
}

export function packAttributes(attributes: PathAttributes): PackedAttributes {
  const { nextHop, origin, asPath, med, localPref, communities, largeCommunities, originatorId } = attributes
  const packer = new AttributePacker()
  packer.nextHop = nextHop
  packer.origin = origin
  packer.med = med
  packer.localPref = localPref
  packer.originator = originatorId === undefined ? undefined : routerIdWord(originatorId)
  for (const { kind, asns } of asPath) {
    packer.beginSegment(SEGMENT[kind])
    for (const asn of asns) packer.addAsn(asn)
  }
  for (const community of communities) packer.addCommunity(community)
  for (const { globalAdmin, data1, data2 } of largeCommunities) packer.addLarge(globalAdmin, data1, data2)
  const packed = packer.pack()
  if (typeof packed === 'string') throw new RangeError(`attributes that are ${packed}`)
  return packed
}

/** Reads a packed row; `nextHop` is its next hop, where the caller has it as an object already. */
export function unpackAttributes(row: PackedRow, at = 0, nextHop = nextHopOf(row, at)): PathAttributes {
  const layout = layoutOf(row, at)
  const { flags } = layout
  const asPath: AsSegment[] = []
  for (let i = layout.asPath; i < layout.communities;) {
    const head = row[i++]!
    const end = i + (head & 0xffff)
    asPath.push({ kind: KINDS.get(head >>> 16)!, asns: unsigned(row, i, end) })
    i = end
  }
  const largeCommunities: LargeCommunity[] = []
  for (let i = layout.large; i < layout.end; i += 3) {
    largeCommunities.push({ globalAdmin: row[i]! >>> 0, data1: row[i + 1]! >>> 0, data2: row[i + 2]! >>> 0 })
  }
  return {
    nextHop,
    origin: ((flags >>> ORIGIN_SHIFT) & 3) as Origin,
    asPath: asPath.slice(),
    med: (flags & HAS_MED) === 0 ? undefined : row[layout.med]! >>> 0,
    localPref: (flags & HAS_LOCAL_PREF) === 0 ? undefined : row[layout.localPref]! >>> 0,
    communities: unsigned(row, layout.communities, layout.large),
    largeCommunities,
    originatorId: (flags & HAS_ORIGINATOR) === 0 ? undefined : routerIdText(row[layout.originator]!),
  }
}

export function nextHopOf(row: PackedRow, at = 0): Address {
  const word = (i: number): number => row[at + 2 + i]! >>> 0
  return (row[at]! & IPV6) === 0
    ? { family: 4, w0: word(0), w1: 0, w2: 0, w3: 0 }
    : { family: 6, w0: word(0), w1: word(1), w2: word(2), w3: word(3) }
}

/** True when the path carries the community (RFC 1997, 32 bits). */
export function hasCommunity(packed: PackedAttributes, community: number): boolean {
  const { communities, large } = layoutOf(packed, 0)
  for (let i = communities; i < large; i++) if (packed[i] === (community | 0)) return true
  return false
}

/** True when its ORIGINATOR_ID is this one, as `routerIdWord` gives it. */
export function hasOriginator(packed: PackedAttributes, routerId: number): boolean {
  const { flags, originator } = layoutOf(packed, 0)
  return (flags & HAS_ORIGINATOR) !== 0 && packed[originator] === routerId
}

/** A dotted router id as a signed 32-bit number; undefined when it is none. */
export function routerIdWord(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number)
  if (parts === undefined || parts.some((part) => part > 255)) return undefined
  return (parts[0]! << 24) | (parts[1]! << 16) | (parts[2]! << 8) | parts[3]!
}

function routerIdText(word: number): string {
  return [24, 16, 8, 0].map((shift) => (word >>> shift) & 255).join('.')
}

/** Without the room for 16 more that V8 gives an array when something is pushed: there are 100,000 of these. */
function unsigned(row: PackedRow, start: number, end: number): number[] {
  const words: number[] = []
  for (let i = start; i < end; i++) words.push(row[i]! >>> 0)
  return words.slice()
}

/** A list of numbers that is filled again and again. */
class Scratch {
  #words = new Int32Array(64)
  count = 0

  push(word: number): void {
    if (this.count === this.#words.length) {
      const larger = new Int32Array(2 * this.count)
      larger.set(this.#words)
      this.#words = larger
    }
    this.#words[this.count++] = word
  }

  at(i: number): number {
    return this.#words[i]!
  }

  /** Adds to an earlier one. */
  increase(i: number): void {
    this.#words[i]!++
  }
}

/**
 * Takes the attributes of one path after another, in any order, and makes rows of them. Allocates nothing but
 * these.
 */
export class AttributePacker {
  nextHop: Address | undefined
  origin: number | undefined
  med: number | undefined
  localPref: number | undefined
  /** As `routerIdWord` gives it. */
  originator: number | undefined
  isMalformed = false
  readonly #asPath = new Scratch()
  readonly #communities = new Scratch()
  readonly #large = new Scratch()
  #segment = 0
  readonly #row: number[] = []

  reset(): void {
    this.nextHop = undefined
    this.origin = undefined
    this.med = undefined
    this.localPref = undefined
    this.originator = undefined
    this.isMalformed = false
    this.#asPath.count = 0
    this.#communities.count = 0
    this.#large.count = 0
  }

  /** `type` as RFC 4271, section 4.3, and RFC 5065, section 3, number them. */
  beginSegment(type: number): void {
    if (!KINDS.has(type)) this.isMalformed = true
    this.#segment = this.#asPath.count
    this.#asPath.push(type << 16)
  }

  addAsn(asn: number): void {
    this.#asPath.increase(this.#segment)
    this.#asPath.push(asn)
  }

  addCommunity(community: number): void {
    this.#communities.push(community)
  }

  addLarge(globalAdmin: number, data1: number, data2: number): void {
    this.#large.push(globalAdmin)
    this.#large.push(data1)
    this.#large.push(data2)
  }

  /** What was taken since the last `reset`, or why it is no use. */
  pack(): PackedAttributes | 'malformed' | 'no_next_hop' | 'no_origin' {
    const { nextHop, origin, med, localPref, originator } = this
    if (this.isMalformed || (origin !== undefined && origin > 2)) return 'malformed'
    if (this.#asPath.count > MOST_WORDS || this.#communities.count > MOST_WORDS) return 'malformed'
    if (nextHop === undefined) return 'no_next_hop'
    if (origin === undefined) return 'no_origin'
    const row = this.#row
    row[0] =
      (nextHop.family === 6 ? IPV6 : 0) | (origin << ORIGIN_SHIFT) | (med === undefined ? 0 : HAS_MED) |
      (localPref === undefined ? 0 : HAS_LOCAL_PREF) | (originator === undefined ? 0 : HAS_ORIGINATOR) |
      ((this.#large.count / 3) << LARGE_SHIFT)
    row[1] = this.#asPath.count | (this.#communities.count << 16)
    row[2] = nextHop.w0 | 0
    let end = 3
    if (nextHop.family === 6) {
      row[3] = nextHop.w1 | 0
      row[4] = nextHop.w2 | 0
      row[5] = nextHop.w3 | 0
      end = 6
    }
    if (med !== undefined) row[end++] = med | 0
    if (localPref !== undefined) row[end++] = localPref | 0
    if (originator !== undefined) row[end++] = originator | 0
    for (let i = 0; i < this.#asPath.count; i++) row[end++] = this.#asPath.at(i)
    for (let i = 0; i < this.#communities.count; i++) row[end++] = this.#communities.at(i)
    for (let i = 0; i < this.#large.count; i++) row[end++] = this.#large.at(i)
    return row.slice(0, end)
  }
}
