import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AttributeMessage, GobgpDialect, PathMessage, ReceivedAttribute } from '../../src/bgp/gobgp-dialect.ts'
import { encodeWithdrawal, familyMessage, readPath, writePath } from '../../src/bgp/gobgp-paths.ts'
import { GOBGP_V3 } from '../../src/bgp/gobgp-v3.ts'
import { GOBGP_V4 } from '../../src/bgp/gobgp-v4.ts'
import { addressBits, formatAddress, formatPrefix, parsePrefix, prefixOf, type Family, type Prefix } from '../../src/model/prefix.ts'
import type { PathAttributes } from '../../src/model/route.ts'
import { attributes } from './edge.ts'

const IPV4 = parsePrefix('203.0.113.0/24')
const IPV6 = parsePrefix('2001:db8:1::/48')

const uint32 = fc.integer({ min: 0, max: 0xffffffff })
const arbitraryPrefix: fc.Arbitrary<Prefix> = fc
  .tuple(fc.constantFrom<Family>(4, 6), uint32, uint32, uint32, uint32, fc.integer({ min: 0, max: 128 }))
  .map(([family, w0, w1, w2, w3, length]) =>
    prefixOf(family === 4 ? { family, w0, w1: 0, w2: 0, w3: 0 } : { family, w0, w1, w2, w3 }, length % (addressBits(family) + 1)))

const arbitraryAttributes = fc.record({
  origin: fc.constantFrom<PathAttributes['origin']>(0, 1, 2),
  asPath: fc.array(
    fc.record({
      kind: fc.constantFrom('sequence' as const, 'set' as const, 'confed_sequence' as const, 'confed_set' as const),
      asns: fc.array(uint32, { maxLength: 4 }),
    }),
    { maxLength: 3 },
  ),
  med: fc.option(uint32, { nil: undefined }),
  localPref: fc.option(uint32, { nil: undefined }),
  communities: fc.array(uint32, { maxLength: 4 }),
  largeCommunities: fc.array(fc.record({ globalAdmin: uint32, data1: uint32, data2: uint32 }), { maxLength: 3 }),
})

function received(path: Partial<PathMessage>): PathMessage {
  return { nlri: null, pattrs: [], is_withdraw: false, family: null, neighbor_ip: '', identifier: 0, ...path }
}

/** A path of our own with other attributes in the place of some of its own. */
function withAttributes(prefix: Prefix, ...changed: (ReceivedAttribute | AttributeMessage['attr'])[]): PathMessage {
  const path = received(writePath(prefix, attributes(prefix.family === 4 ? '172.16.0.1' : '2001:db8::1')))
  const names = changed.map((change) => (typeof change === 'string' ? change : change.attr))
  const kept = path.pattrs.filter(({ attr }) => !names.includes(attr))
  return { ...path, pattrs: [...kept, ...changed.filter((change) => typeof change !== 'string')] }
}

const DIALECTS: [string, GobgpDialect][] = [['v3', GOBGP_V3], ['v4', GOBGP_V4]]

/**
 * Top-level fields of a message: number and length of each, read without any schema (protobuf encoding, wire
 * types).
 */
function fieldsOf(bytes: Uint8Array): { field: number; value: Uint8Array | number }[] {
  const fields: { field: number; value: Uint8Array | number }[] = []
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]!
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const size = varint()
    if ((tag & 7) === 2) fields.push({ field: tag >>> 3, value: bytes.subarray(at, (at += size)) })
    else fields.push({ field: tag >>> 3, value: size })
  }
  return fields
}

test.each(DIALECTS)('a path that is written in %s reads the same', (_, { deletePath }) => {
  fc.assert(
    fc.property(arbitraryPrefix, arbitraryAttributes, (prefix, rest) => {
      const nextHop = prefix.family === 4 ? '172.16.0.1' : '2001:db8::1'
      // Any request that holds a path will do.
      const path = writePath(prefix, attributes(nextHop, rest))
      const bytes = deletePath.encodeRequest({ table_type: 1, family: familyMessage(prefix.family), path })
      const change = readPath(deletePath.decodeRequest(bytes).path!)
      expect(change).toEqual({ kind: 'announced', prefix, pathId: 0, attributes: attributes(nextHop, rest) })
    }),
  )
})

test('IPv6 is announced in MP_REACH_NLRI, IPv4 with NEXT_HOP', () => {
  const [ipv4, ipv6] = [writePath(IPV4, attributes('172.16.0.1')), writePath(IPV6, attributes('2001:db8::1'))]
  expect(ipv4.pattrs!.map(({ attr }) => attr)).toEqual(['origin', 'as_path', 'next_hop'])
  expect(ipv6.pattrs!.map(({ attr }) => attr)).toEqual(['origin', 'as_path', 'mp_reach'])
  expect(ipv6.pattrs![2]).toMatchObject({
    mp_reach: { family: { afi: 2, safi: 1 }, next_hops: ['2001:db8::1'], nlris: [{ prefix: { prefix: '2001:db8:1::' } }] },
  })
})

const text = (bytes: Uint8Array | number | undefined): string => new TextDecoder().decode(bytes as Uint8Array)

/** The IPAddressPrefix in the bytes of an NLRI: in v3 an Any (type 1, value 2), in v4 a oneof with prefix 1. */
function prefixBytes(version: string, nlri: Uint8Array): Uint8Array {
  const [first, second] = fieldsOf(nlri)
  if (version === 'v4') return first!.value as Uint8Array
  expect(text(first!.value)).toBe('type.googleapis.com/apipb.IPAddressPrefix')
  return second!.value as Uint8Array
}

describe.each(DIALECTS)('withdrawal in %s', (version, dialect) => {
  test('names its route, whatever the route, and nothing by uuid', () => {
    fc.assert(
      fc.property(arbitraryPrefix, uint32, (prefix, pathId) => {
        const request = fieldsOf(encodeWithdrawal(dialect, prefix, pathId))
        // DeletePathRequest: 1 table (GLOBAL), 2 VRF, 3 family, 4 path, 5 uuid.
        expect(request.map(({ field }) => field)).toEqual([1, 3, 4])
        expect(request[0]!.value).toBe(version === 'v3' ? 0 : 1)
        const path = new Map(fieldsOf(request[2]!.value as Uint8Array).map(({ field, value }) => [field, value]))
        const parts = new Map(
          fieldsOf(prefixBytes(version, path.get(1) as Uint8Array)).map(({ field, value }) => [field, value]))
        expect(text(parts.get(2))).toBe(formatAddress(prefix))
        expect(parts.get(1) ?? 0).toBe(prefix.length)
        expect(path.get(5)).toBe(1)
        expect(path.get(18) ?? 0).toBe(pathId)
      }),
    )
  })

  test.each([
    ['nothing', {}],
    ['no address', { family: 4, length: 24 }],
    ['no length', { ...IPV4, length: undefined }],
    ['a length beyond the family', { ...IPV4, length: 33 }],
    ['a negative length', { ...IPV4, length: -1 }],
    ['bits behind the length', { ...IPV4, length: 8 }],
    ['no number', { ...IPV4, w0: Number.NaN }],
    ['another family', { ...IPV4, family: 5 }],
    ['text', '203.0.113.0/24'],
  ])('cannot be made of %s', (_, prefix) => {
    expect(() => encodeWithdrawal(dialect, prefix as Prefix, 0)).toThrow(/nothing was sent|IPv6 address/)
  })

  test('cannot be made with an identifier that is none', () => {
    for (const pathId of [-1, 1.5, 2 ** 32, Number.NaN, undefined]) {
      expect(() => encodeWithdrawal(dialect, IPV4, pathId as number)).toThrow('nothing was sent')
    }
  })
})

describe('received paths', () => {
  test.each<[string, PathMessage, string]>([
    ['no NLRI', received({}), 'no_prefix'],
    ['another kind of NLRI', received({ nlri: {} }), 'no_prefix'],
    ['the prefix <nil>', received({ nlri: { prefix: { prefix: '<nil>', prefix_len: 24 } } }), 'no_prefix'],
    ['a length beyond the family', received({ nlri: { prefix: { prefix: '10.0.0.0', prefix_len: 33 } } }), 'no_prefix'],
    ['no next hop', withAttributes(IPV4, 'next_hop'), 'no_next_hop'],
    ['a next hop <nil>', withAttributes(IPV4, { attr: 'next_hop', next_hop: { next_hop: '<nil>' } }), 'no_next_hop'],
    ['no next hop in MP_REACH_NLRI', withAttributes(IPV6, reach()), 'no_next_hop'],
    ['no ORIGIN', withAttributes(IPV4, 'origin'), 'no_origin'],
    ['an ORIGIN of 3', withAttributes(IPV4, { attr: 'origin', origin: { origin: 3 } }), 'malformed'],
    ['a segment of no known type', withAttributes(IPV4, { attr: 'as_path', as_path: { segments: [{ type: 9, numbers: [] }] } }), 'malformed'],
    ['a next hop that is no address', withAttributes(IPV4, { attr: 'next_hop', next_hop: { next_hop: 'x' } }), 'malformed'],
    ['an attribute that could not be unpacked', withAttributes(IPV4, { attr: 'malformed' }), 'malformed'],
  ])('with %s are unusable', (_, path, reason) => {
    expect(readPath(path)).toMatchObject({ kind: 'unusable', reason })
  })

  test('keep their name when only their attributes are unusable', () => {
    expect(readPath({ ...withAttributes(IPV4, 'origin'), identifier: 7 })).toMatchObject({ prefix: IPV4, pathId: 7 })
  })

  test('may carry attributes that nobody knows', () => {
    expect(readPath(withAttributes(IPV4, {})).kind).toBe('announced')
  })

  test('have the global next hop where a link-local one comes with it', () => {
    for (const next_hops of [['2001:db8::9', 'fe80::9'], ['fe80::9', '2001:db8::9']]) {
      const change = readPath(withAttributes(IPV6, reach(...next_hops)))
      expect(change.kind === 'announced' && formatAddress(change.attributes.nextHop)).toBe('2001:db8::9')
    }
  })

  test('have bits behind their length cut off', () => {
    const change = readPath({ ...withAttributes(IPV4), nlri: { prefix: { prefix: '203.0.113.9', prefix_len: 24 } } })
    expect(change.kind === 'announced' && formatPrefix(change.prefix)).toBe('203.0.113.0/24')
  })
})

function reach(...next_hops: string[]): AttributeMessage {
  return { attr: 'mp_reach', mp_reach: { family: null, next_hops, nlris: [] } }
}
