/** A path out of the bytes of GoBGP's Path, in v3's form or v4's, or in that of an UPDATE. */
import type { Reader } from 'protobufjs'
import { addressBits, prefixOf, type Address, type Family, type Prefix } from '../../model/prefix.ts'
import type { RpkiState } from '../../model/route.ts'
import { readAddress } from './address-text.ts'
import { readBgpAttribute } from './bgp-attributes.ts'
import type { ReceivedChange } from './gobgp-api.ts'
import { VALIDATION } from './gobgp-dialect.ts'
import { Meanings } from './meanings.ts'
import { AttributeReader } from './message-attributes.ts'
import { AttributePacker } from './packed-attributes.ts'
import { endOf, firstNumber } from './protobuf-fields.ts'
import { isBug } from './retry.ts'
import { NLRI_PREFIX, Opener, type WireForm } from './wire-form.ts'

const PATH = {
  nlri: 1, attributes: 2, isWithdraw: 5, validation: 7, family: 9, neighbor: 15, pathId: 18,
  nlriBinary: 20, attributesBinary: 21,
} as const
const RPKI_STATES: ReadonlyMap<number, RpkiState> = new Map(
  Object.entries(VALIDATION).map(([state, n]) => [n, state as keyof typeof VALIDATION]),
)

/** One path after another is read into it. */
export class ReceivedPath {
  hasNlri = false
  neighbor = ''
  readonly #form: WireForm
  readonly #neighbors = new Meanings((text) => text)
  readonly #opener: Opener
  readonly #packer = new AttributePacker()
  readonly #attributes: AttributeReader
  #prefix: Prefix | undefined
  #binary: { readonly start: number; readonly end: number } | undefined
  #family: Family | undefined
  #pathId = 0
  #isWithdraw = false
  #rpki: RpkiState = 'unknown'

  constructor(form: WireForm) {
    this.#form = form
    this.#opener = new Opener(form)
    this.#attributes = new AttributeReader(this.#opener, this.#packer)
  }

  /** Reads a Path. Bytes that are none of its fields make the path unusable, and nothing else. */
  read(reader: Reader, end: number): void {
    this.hasNlri = false
    this.neighbor = ''
    this.#prefix = undefined
    this.#binary = undefined
    this.#family = undefined
    this.#pathId = 0
    this.#isWithdraw = false
    this.#rpki = 'unknown'
    this.#packer.reset()
    while (reader.pos < end) {
      const tag = reader.uint32()
      switch (tag >>> 3) {
        case PATH.nlri:
          this.hasNlri = true
          this.#readPart(reader, PATH.nlri)
          break
        case PATH.attributes:
          this.#readPart(reader, PATH.attributes)
          break
        case PATH.isWithdraw:
          this.#isWithdraw = reader.bool()
          break
        case PATH.validation:
          this.#readPart(reader, PATH.validation)
          break
        case PATH.family:
          this.#readPart(reader, PATH.family)
          break
        case PATH.neighbor: {
          const stop = endOf(reader)
          this.neighbor = this.#neighbors.of(reader.buf, reader.pos, stop)
          reader.pos = stop
          break
        }
        case PATH.pathId:
          this.#pathId = reader.uint32()
          break
        case PATH.nlriBinary: {
          this.hasNlri = true
          const stop = endOf(reader)
          this.#binary = { start: reader.pos, end: stop }
          reader.pos = stop
          break
        }
        case PATH.attributesBinary: {
          const stop = endOf(reader)
          readBgpAttribute(reader.buf, reader.pos, stop, this.#packer)
          reader.pos = stop
          break
        }
        default:
          reader.skipType(tag & 7)
      }
    }
    if (reader.pos !== end) throw new RangeError('a field reaches beyond its path')
    if (this.#binary !== undefined) this.#prefix = this.#binaryPrefix(reader.buf, this.#binary.start, this.#binary.end)
  }

  change(): ReceivedChange {
    const prefix = this.#prefix
    const pathId = this.#pathId
    if (prefix === undefined) return { kind: 'unusable', prefix, pathId, reason: 'no_prefix' }
    if (this.#isWithdraw) return { kind: 'withdrawn', prefix, pathId }
    const attributes = this.#packer.pack()
    if (typeof attributes === 'string') return { kind: 'unusable', prefix, pathId, reason: attributes }
    return { kind: 'announced', prefix, pathId, attributes, rpki: this.#rpki }
  }

  /** Reads a part of the path, and goes on behind it whatever it was. */
  #readPart(reader: Reader, field: number): void {
    const end = endOf(reader)
    try {
      if (field === PATH.nlri) this.#readNlri(reader, end)
      else if (field === PATH.attributes) this.#attributes.read(reader, end)
      else if (field === PATH.validation) this.#readValidation(reader, end)
      else this.#readFamily(reader, end)
      if (reader.pos > end) this.#packer.isMalformed = true
    } catch (error) {
      if (isBug(error)) throw error
      this.#packer.isMalformed = true
    }
    reader.pos = end
  }

  #readNlri(reader: Reader, end: number): void {
    if (this.#opener.open(reader, end) !== NLRI_PREFIX) return
    let length = 0
    let address: Address | undefined
    while (reader.pos < end) {
      const tag = reader.uint32()
      if (tag >>> 3 === 1) {
        length = reader.uint32()
      } else if (tag >>> 3 === 2) {
        const stop = endOf(reader)
        address = readAddress(reader.buf, reader.pos, stop)
        reader.pos = stop
      } else {
        reader.skipType(tag & 7)
      }
    }
    if (reader.pos !== end || address === undefined || length > addressBits(address.family)) return
    this.#prefix = prefixOf(address, length)
  }

  #readValidation(reader: Reader, end: number): void {
    const state = firstNumber(reader, end) ?? 0
    this.#rpki = RPKI_STATES.get(state + this.#form.enumShift) ?? 'unknown'
  }

  #readFamily(reader: Reader, end: number): void {
    let [afi, safi] = [0, 0]
    while (reader.pos < end) {
      const field = reader.uint32() >>> 3
      if (field === 1) afi = reader.uint32()
      else if (field === 2) safi = reader.uint32()
    }
    this.#family = safi !== 1 ? undefined : afi === 1 ? 4 : afi === 2 ? 6 : undefined
  }

  /** A prefix as an UPDATE has it: length, and as many bytes as that takes (RFC 4271, section 4.3). */
  #binaryPrefix(bytes: Uint8Array, start: number, end: number): Prefix | undefined {
    const family = this.#family
    const length = bytes[start]
    if (family === undefined || length === undefined || length > addressBits(family)) return undefined
    if (end - start - 1 !== (length + 7) >>> 3) return undefined
    const word = (at: number): number => {
      let value = 0
      for (let i = at; i < at + 4; i++) value = value * 256 + (i < end ? bytes[i]! : 0)
      return value
    }
    const first = start + 1
    const [w1, w2, w3] = family === 4 ? [0, 0, 0] : [word(first + 4), word(first + 8), word(first + 12)]
    return prefixOf({ family, w0: word(first), w1, w2, w3 }, length)
  }
}
