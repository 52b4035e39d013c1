/** Path attributes as the messages of GoBGP's API carry them; bgp-attributes.ts reads those of an UPDATE. */
import type { Reader } from 'protobufjs'
import { isLinkLocal, parseAddress, type Address } from '../../model/prefix.ts'
import { latin1 } from './latin1.ts'
import { routerIdWord, type AttributePacker } from './packed-attributes.ts'
import { eachNumber, endOf, firstNumber } from './protobuf-fields.ts'
import { ATTRIBUTE, type Opener } from './wire-form.ts'

/** One for each connection: it remembers next hops. */
export class AttributeReader {
  readonly #opener: Opener
  readonly #packer: AttributePacker
  readonly #nextHops = new Map<string, Address>()

  constructor(opener: Opener, packer: AttributePacker) {
    this.#opener = opener
    this.#packer = packer
  }

  /** Hands an attribute to the packer. Throws where its bytes are none. */
  read(reader: Reader, end: number): void {
    const packer = this.#packer
    switch (this.#opener.open(reader, end)) {
      case ATTRIBUTE.origin:
        packer.origin = firstNumber(reader, end) ?? 0
        break
      case ATTRIBUTE.asPath:
        while (reader.pos < end) {
          reader.uint32()
          readSegment(reader, endOf(reader), packer)
        }
        break
      case ATTRIBUTE.nextHop:
        this.#readNextHops(reader, end, 1)
        break
      case ATTRIBUTE.mpReach:
        this.#readNextHops(reader, end, 2)
        break
      case ATTRIBUTE.med:
        packer.med = firstNumber(reader, end) ?? 0
        break
      case ATTRIBUTE.localPref:
        packer.localPref = firstNumber(reader, end) ?? 0
        break
      case ATTRIBUTE.communities:
        eachNumber(reader, end, 1, (community) => packer.addCommunity(community))
        break
      case ATTRIBUTE.large:
        while (reader.pos < end) {
          reader.uint32()
          readLarge(reader, endOf(reader), packer)
        }
        break
      case ATTRIBUTE.originatorId:
        this.#readOriginator(reader, end)
        break
      case undefined:
      default:
        // CLUSTER_LIST, AGGREGATOR, extended communities and what is yet to come: steering needs none of them.
        reader.pos = end
    }
    if (reader.pos !== end) packer.isMalformed = true
  }

  /**
   * The global address where a link-local one comes with it (RFC 2545, section 3); none where GoBGP has none.
   */
  #readNextHops(reader: Reader, end: number, field: number): void {
    let found: Address | undefined
    while (reader.pos < end) {
      const tag = reader.uint32()
      if (tag >>> 3 !== field) {
        reader.skipType(tag & 7)
        continue
      }
      const stop = endOf(reader)
      const text = latin1(reader.buf, reader.pos, stop)
      reader.pos = stop
      if (text === '' || text === '<nil>') continue
      const address = this.#nextHopOf(text)
      if (found === undefined || (isLinkLocal(found) && !isLinkLocal(address))) found = address
    }
    if (found !== undefined) this.#packer.nextHop = found
  }

  /** A router has few next hops, which come with every path. */
  #nextHopOf(text: string): Address {
    const MOST_KEPT = 4096
    let address = this.#nextHops.get(text)
    if (address === undefined) {
      if (this.#nextHops.size >= MOST_KEPT) this.#nextHops.clear()
      this.#nextHops.set(text, (address = parseAddress(text)))
    }
    return address
  }

  #readOriginator(reader: Reader, end: number): void {
    if (reader.pos === end) return
    reader.uint32()
    const stop = endOf(reader)
    this.#packer.originator = routerIdWord(latin1(reader.buf, reader.pos, stop))
    if (this.#packer.originator === undefined) this.#packer.isMalformed = true
    reader.pos = stop
  }
}

function readSegment(reader: Reader, end: number, packer: AttributePacker): void {
  let type = 0
  const start = reader.pos
  // The type may come behind the numbers.
  while (reader.pos < end) {
    const tag = reader.uint32()
    if (tag >>> 3 === 1) type = reader.uint32()
    else reader.skipType(tag & 7)
  }
  packer.beginSegment(type)
  reader.pos = start
  eachNumber(reader, end, 2, (asn) => packer.addAsn(asn))
}

function readLarge(reader: Reader, end: number, packer: AttributePacker): void {
  let [globalAdmin, data1, data2] = [0, 0, 0]
  while (reader.pos < end) {
    const field = reader.uint32() >>> 3
    const value = reader.uint32()
    if (field === 1) globalAdmin = value
    else if (field === 2) data1 = value
    else data2 = value
  }
  packer.addLarge(globalAdmin, data1, data2)
}
