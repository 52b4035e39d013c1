import fc from 'fast-check'
import protobuf from 'protobufjs/minimal.js'
import { describe, expect, test } from 'vitest'
import type { ReceivedChange } from '../../../src/bgp/wire/gobgp-api.ts'
import type { GobgpDialect } from '../../../src/bgp/wire/gobgp-dialect.ts'
import { encodeWithdrawal, familyMessage, writePath } from '../../../src/bgp/wire/gobgp-paths.ts'
import { GOBGP_V3 } from '../../../src/bgp/wire/gobgp-v3.ts'
import { GOBGP_V4 } from '../../../src/bgp/wire/gobgp-v4.ts'
import { packAttributes } from '../../../src/bgp/wire/packed-attributes.ts'
import { createPathReader } from '../../../src/bgp/wire/path-reader.ts'
import { formatAddress, parsePrefix, type Prefix } from '../../../src/model/prefix.ts'
import { attributes } from '../edge.ts'
import { arbitraryAttributes, arbitraryPrefix, uint32 } from './arbitrary-paths.ts'

const IPV4 = parsePrefix('203.0.113.0/24')
const IPV6 = parsePrefix('2001:db8:1::/48')

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

/** A message that holds another as a field. */
const message = (field: number, inner: Uint8Array): Uint8Array =>
  protobuf.Writer.create().uint32((field << 3) | 2).bytes(inner).finish()

test.each(DIALECTS)('a path that is written in %s reads the same', (_, dialect) => {
  fc.assert(
    fc.property(arbitraryPrefix, arbitraryAttributes, uint32, (prefix, rest, pathId) => {
      const nextHop = prefix.family === 4 ? '172.16.0.1' : '2001:db8::1'
      // Any request that holds a path will do; the path in it is listed.
      const path = writePath(prefix, attributes(nextHop, rest), pathId)
      const request = fieldsOf(dialect.deletePath.encodeRequest({ table_type: 1, family: familyMessage(prefix.family), path }))
      const written = request.find(({ field }) => field === 4)!.value as Uint8Array
      const found: ReceivedChange[] = []
      createPathReader(dialect.wire).readListed(message(1, message(2, written)), (change) => found.push(change))
      expect(found).toEqual([
        { kind: 'announced', prefix, pathId, attributes: packAttributes(attributes(nextHop, rest)), rpki: 'unknown' },
      ])
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
