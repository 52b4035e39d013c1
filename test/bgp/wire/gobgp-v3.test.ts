import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pack, unpackPath, type AnyMessage, type PackedPath } from '../../../src/bgp/wire/gobgp-v3.ts'

const NLRI = pack('IPAddressPrefix', { prefix: '203.0.113.0', prefix_len: 24 })
const ATTRIBUTES = [
  pack('OriginAttribute', { origin: 0 }),
  pack('NextHopAttribute', { next_hop: '172.16.0.1' }),
]

function received(path: Partial<PackedPath>): PackedPath {
  return {
    nlri: NLRI, pattrs: ATTRIBUTES, is_withdraw: false, family: null, neighbor_ip: '', identifier: 7, ...path,
  }
}

function any(name: string, ...bytes: number[]): AnyMessage {
  return { type_url: `type.googleapis.com/apipb.${name}`, value: Buffer.from(bytes) }
}

test('NLRI and attributes are unpacked', () => {
  expect(unpackPath(received({}))).toMatchObject({
    identifier: 7,
    nlri: { prefix: { prefix: '203.0.113.0', prefix_len: 24 } },
    pattrs: [{ attr: 'origin', origin: { origin: 0 } }, { attr: 'next_hop', next_hop: { next_hop: '172.16.0.1' } }],
  })
  expect(unpackPath(received({ nlri: null })).nlri).toBeNull()
})

test('what nobody knows, and bytes that are no message, are empty', () => {
  const unknown = any('AttributeOfTomorrow', 0xff, 0xff)
  const broken = any('CommunitiesAttribute', 0x0a, 0xff)
  expect(unpackPath(received({ pattrs: [unknown, broken, ATTRIBUTES[0]!] })).pattrs)
    .toEqual([{}, {}, { attr: 'origin', origin: { origin: 0 } }])
  expect(unpackPath(received({ nlri: any('FlowSpecNLRI', 0, 0) })).nlri).toEqual({})
  expect(unpackPath(received({ nlri: any('IPAddressPrefix', 0xff) })).nlri).toEqual({})
})

test('a path never throws, whatever the bytes', () => {
  const anything = fc.record({
    type_url: fc.constantFrom(
      ...['IPAddressPrefix', 'OriginAttribute', 'AsPathAttribute', 'NextHopAttribute', 'MpReachNLRIAttribute',
        'CommunitiesAttribute', 'LargeCommunitiesAttribute', 'Nothing'].map((name) => `type.googleapis.com/apipb.${name}`), ''),
    value: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  })
  fc.assert(
    fc.property(fc.option(anything), fc.array(anything, { maxLength: 4 }), (nlri, pattrs) => {
      expect(unpackPath(received({ nlri, pattrs })).identifier).toBe(7)
    }),
    { numRuns: 500 },
  )
})
