import type { MessageTypeDefinition } from '@grpc/proto-loader'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBgpAttribute } from '../../../src/bgp/wire/bgp-attributes.ts'
import type { ReceivedChange } from '../../../src/bgp/wire/gobgp-api.ts'
import { loadProto } from '../../../src/bgp/wire/gobgp-dialect.ts'
import { GOBGP_V3, pack } from '../../../src/bgp/wire/gobgp-v3.ts'
import { GOBGP_V4 } from '../../../src/bgp/wire/gobgp-v4.ts'
import { AttributePacker, packAttributes, unpackAttributes } from '../../../src/bgp/wire/packed-attributes.ts'
import { createPathReader } from '../../../src/bgp/wire/path-reader.ts'
import { formatAddress, formatPrefix, parseAddress, parsePrefix, prefixOf, type Prefix } from '../../../src/model/prefix.ts'
import type { PathAttributes } from '../../../src/model/route.ts'
import { attributes } from '../edge.ts'
import { arbitraryAttributes, arbitraryPrefix, uint32 } from './arbitrary-paths.ts'

const wholeAttributes: fc.Arbitrary<PathAttributes> = fc
  .tuple(
    arbitraryAttributes,
    fc.record({
      originatorId: fc.constantFrom(undefined, '10.255.0.1', '255.0.0.255'),
      nextHop: fc.constantFrom('172.16.0.1', '255.255.255.254', '2001:db8::1', 'ffff:ffff::'),
    }),
  )
  .map(([rest, { nextHop, originatorId }]) => attributes(nextHop, { ...rest, originatorId }))

test('attributes that are packed are the same when unpacked, and packed alike only when they are alike', () => {
  fc.assert(
    fc.property(wholeAttributes, wholeAttributes, (one, other) => {
      expect(unpackAttributes(packAttributes(one))).toEqual(one)
      const alike = JSON.stringify(one) === JSON.stringify(other)
      expect(packAttributes(one).join() === packAttributes(other).join()).toBe(alike)
    }),
  )
})

/** A message as protobuf's own library writes it. */
type Written = Record<string, unknown>
interface PathParts {
  readonly nlri?: readonly [string, Written] | undefined
  readonly pattrs?: readonly (readonly [string, Written])[]
  readonly rest?: Written
}

/** Field of v4's oneof by v3's message. */
const FIELDS: Readonly<Record<string, string>> = {
  IPAddressPrefix: 'prefix', OriginAttribute: 'origin', AsPathAttribute: 'as_path', NextHopAttribute: 'next_hop',
  MultiExitDiscAttribute: 'multi_exit_disc', LocalPrefAttribute: 'local_pref', CommunitiesAttribute: 'communities',
  OriginatorIdAttribute: 'originator_id', MpReachNLRIAttribute: 'mp_reach', LargeCommunitiesAttribute: 'large_communities',
  EncapsulationNLRI: 'encapsulation',
}
const BUILDS = [GOBGP_V3, GOBGP_V4].map((dialect) => {
  const definition = loadProto(`gobgp-${dialect.version}.proto`)
  const scope = dialect.version === 'v3' ? 'apipb' : 'api'
  const serialize = (name: string, message: Written): Buffer =>
    (definition[`${scope}.${name}`] as MessageTypeDefinition<object, object>).serialize(message)
  const part = ([name, message]: readonly [string, Written]): object =>
    dialect.version === 'v3' ? pack(name, message) : { [FIELDS[name]!]: message }
  const write = ({ nlri, pattrs = [], rest }: PathParts): Written => ({
    ...(nlri && { nlri: part(nlri) }), pattrs: pattrs.map(part), ...rest,
  })
  const reader = createPathReader(dialect.wire)
  return {
    version: dialect.version,
    reader,
    told: (...paths: PathParts[]): [string, ReceivedChange][] => {
      const found: [string, ReceivedChange][] = []
      const bytes = serialize('WatchEventResponse', { table: { paths: paths.map(write) } })
      const isTable = reader.readTold(bytes, (neighbor, change) => found.push([neighbor, change]))
      return isTable ? found : []
    },
    listed: (...paths: PathParts[]): ReceivedChange[] => {
      const found: ReceivedChange[] = []
      const bytes = serialize('ListPathResponse', { destination: { prefix: 'x', paths: paths.map(write) } })
      reader.readListed(bytes, (change) => found.push(change))
      return found
    },
    serialize,
  }
})

const PREFIX = ['IPAddressPrefix', { prefix: '203.0.113.0', prefix_len: 24 }] as const
const GOOD = [['OriginAttribute', { origin: 0 }], ['NextHopAttribute', { next_hop: '172.16.0.1' }]] as const
const reach = (...next_hops: string[]): [string, Written] => ['MpReachNLRIAttribute', { next_hops, nlris: [] }]
const SEGMENTS = { set: 1, sequence: 2, confed_sequence: 3, confed_set: 4 }

function partsOf(prefix: Prefix, a: PathAttributes): PathParts {
  const nextHop = formatAddress(a.nextHop)
  return {
    nlri: ['IPAddressPrefix', { prefix: formatAddress(prefix), prefix_len: prefix.length }],
    pattrs: [
      ['OriginAttribute', { origin: a.origin }],
      ['AsPathAttribute', { segments: a.asPath.map(({ kind, asns }) => ({ type: SEGMENTS[kind], numbers: asns })) }],
      a.nextHop.family === 4 ? ['NextHopAttribute', { next_hop: nextHop }] : reach(nextHop),
      ...(a.med === undefined ? [] : [['MultiExitDiscAttribute', { med: a.med }] as const]),
      ...(a.localPref === undefined ? [] : [['LocalPrefAttribute', { local_pref: a.localPref }] as const]),
      ...(a.communities.length === 0 ? [] : [['CommunitiesAttribute', { communities: a.communities }] as const]),
      ...(a.originatorId === undefined ? [] : [['OriginatorIdAttribute', { id: a.originatorId }] as const]),
      ...(a.largeCommunities.length === 0
        ? []
        : [['LargeCommunitiesAttribute', {
            communities: a.largeCommunities.map(({ globalAdmin, data1, data2 }) => ({
              global_admin: globalAdmin, local_data1: data1, local_data2: data2,
            })),
          }] as const]),
    ],
  }
}

describe.each(BUILDS)('$version', ({ version, told, listed, reader, serialize }) => {
  test('what protobuf writes is read', () => {
    fc.assert(
      fc.property(arbitraryPrefix, wholeAttributes, uint32, fc.boolean(), (prefix, given, identifier, is_withdraw) => {
        const parts = { ...partsOf(prefix, given), rest: { identifier, is_withdraw, neighbor_ip: '10.1.4.1' } }
        const [other, [neighbor, change]] = told({ nlri: PREFIX, pattrs: GOOD }, parts) as [unknown, [string, ReceivedChange]]
        expect(other).toMatchObject(['', { kind: 'announced' }])
        expect(neighbor).toBe('10.1.4.1')
        expect(change).toMatchObject({ prefix, pathId: identifier, kind: is_withdraw ? 'withdrawn' : 'announced' })
        if (change.kind === 'announced') expect(unpackAttributes(change.attributes)).toEqual(given)
      }),
    )
  })

  test.each<[string, PathParts, string]>([
    ['another kind of NLRI', { nlri: ['EncapsulationNLRI', { address: '10.0.0.1' }] }, 'no_prefix'],
    ['the prefix <nil>', { nlri: ['IPAddressPrefix', { prefix: '<nil>', prefix_len: 24 }] }, 'no_prefix'],
    ['a length beyond the family', { nlri: ['IPAddressPrefix', { prefix: '10.0.0.0', prefix_len: 33 }] }, 'no_prefix'],
    ['no next hop', { nlri: PREFIX, pattrs: [GOOD[0]] }, 'no_next_hop'],
    ['a next hop <nil>', { nlri: PREFIX, pattrs: [GOOD[0], ['NextHopAttribute', { next_hop: '<nil>' }]] }, 'no_next_hop'],
    ['no next hop in MP_REACH_NLRI', { nlri: PREFIX, pattrs: [GOOD[0], reach()] }, 'no_next_hop'],
    ['no ORIGIN', { nlri: PREFIX, pattrs: [GOOD[1]] }, 'no_origin'],
    ['an ORIGIN of 3', { nlri: PREFIX, pattrs: [GOOD[1], ['OriginAttribute', { origin: 3 }]] }, 'malformed'],
    ['a segment of no known type', { nlri: PREFIX, pattrs: [...GOOD, ['AsPathAttribute', { segments: [{ type: 9 }] }]] }, 'malformed'],
    ['a next hop that is no address', { nlri: PREFIX, pattrs: [GOOD[0], ['NextHopAttribute', { next_hop: 'x' }]] }, 'malformed'],
    ['an ORIGINATOR_ID that is none', { nlri: PREFIX, pattrs: [...GOOD, ['OriginatorIdAttribute', { id: '1.2.3' }]] }, 'malformed'],
  ])('a path with %s is unusable, keeps its name, and leaves the others alone', (_, parts, reason) => {
    const [bad, good] = listed({ ...parts, rest: { identifier: 7 } }, { nlri: PREFIX, pattrs: GOOD })
    expect(bad).toMatchObject({ kind: 'unusable', pathId: 7, reason })
    expect(good).toMatchObject({ kind: 'announced', prefix: parsePrefix('203.0.113.0/24') })
  })

  test('the global next hop is taken where a link-local one comes with it', () => {
    for (const nextHops of [['2001:db8::9', 'fe80::9'], ['fe80::9', '2001:db8::9']]) {
      const [change] = listed({ nlri: PREFIX, pattrs: [GOOD[0], reach(...nextHops)] })
      expect(change!.kind === 'announced' && formatAddress(unpackAttributes(change!.attributes).nextHop)).toBe('2001:db8::9')
    }
  })

  test('bits behind the length of a prefix are cut off; End-of-RIB is no path; the RPKI state is told', () => {
    const shift = version === 'v3' ? 0 : 1
    const [change] = listed({
      nlri: ['IPAddressPrefix', { prefix: '203.0.113.9', prefix_len: 24 }], pattrs: GOOD, rest: { validation: { state: 2 + shift } },
    })
    expect(change).toMatchObject({ kind: 'announced', rpki: 'valid' })
    expect(formatPrefix(change!.prefix!)).toBe('203.0.113.0/24')
    expect(told({ rest: { family: { afi: 1, safi: 1 } } })).toEqual([])
    expect(reader.readTold(serialize('WatchEventResponse', { peer: { type: 2 } }), () => undefined)).toBe(false)
  })

  test('every way to write an address is read as its own library reads it, and what is none is refused', () => {
    const group = fc.constantFrom('0', '1', 'db8', 'ffff', '00a', 'ABCD', '12345', 'g', '')
    const ipv6 = fc.array(group, { minLength: 1, maxLength: 9 }).map((groups) => groups.join(':'))
    const ipv4 = fc.array(fc.constantFrom('0', '9', '255', '256', '07', ''), { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.'))
    fc.assert(
      fc.property(fc.oneof(ipv6, ipv4, fc.constantFrom('::', '::ffff:1.2.3.4', '1::2::3', 'fe80::1%eth0')), (prefix) => {
        const [change] = listed({ nlri: ['IPAddressPrefix', { prefix, prefix_len: 32 }], pattrs: GOOD })
        let expected: Prefix | undefined
        try {
          expected = prefixOf(parseAddress(prefix), 32)
        } catch {}
        expect(change!.prefix).toEqual(expected)
      }),
      { numRuns: 1000 },
    )
  })

  test('whatever the bytes, they are read or refused', () => {
    const good = serialize('WatchEventResponse', {
      table: { paths: [{ nlri: version === 'v3' ? pack(...PREFIX) : { prefix: PREFIX[1] }, identifier: 9, neighbor_ip: '10.1.4.1' }] },
    })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(good.length), fc.nat(255), (noise, at, byte) => {
        const broken = Buffer.from(good)
        if (at < broken.length) broken[at] = byte
        for (const bytes of [Buffer.from(noise), broken, good.subarray(0, at)]) {
          for (const read of [reader.readListed, reader.readTold]) {
            try {
              read(bytes, () => undefined)
            } catch (error) {
              expect(error).not.toBeInstanceOf(TypeError)
            }
          }
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('attributes as an UPDATE has them', () => {
  function read(...given: number[][]) {
    const packer = new AttributePacker()
    for (const bytes of given) readBgpAttribute(Uint8Array.from(bytes), 0, bytes.length, packer)
    const found = packer.pack()
    return typeof found === 'string' ? found : unpackAttributes(found)
  }
  const [origin, nextHop] = [[0x40, 1, 1, 2], [0x40, 3, 4, 172, 16, 0, 1]]

  test('are read, of whatever length', () => {
    const asPath = [0x50, 2, 0, 16, 2, 2, 0, 0, 0xfc, 0, 0xff, 0xff, 0xff, 0xff, 1, 1, 0, 0, 0, 7]
    const communities = [0xc0, 8, 8, 0xfc, 0, 0, 1, 0xff, 0xff, 0xff, 1]
    const large = [0xc0, 32, 12, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0, 0, 3]
    const others = [[0x80, 4, 4, 0, 0, 0, 9], [0x40, 5, 4, 0, 0, 1, 0x2c], [0x80, 9, 4, 10, 255, 0, 1], [0x80, 10, 4, 1, 1, 1, 1]]
    expect(read(origin, asPath, nextHop, communities, large, ...others)).toEqual(attributes('172.16.0.1', {
      origin: 2,
      asPath: [{ kind: 'sequence', asns: [64_512, 0xffffffff] }, { kind: 'set', asns: [7] }],
      communities: [0xfc000001, 0xffffff01],
      largeCommunities: [{ globalAdmin: 1, data1: 2, data2: 0xff000003 }],
      med: 9, localPref: 300, originatorId: '10.255.0.1',
    }))
  })

  test('have the global next hop where a link-local one comes with it', () => {
    const [global, local] = [[0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 9], [0xfe, 0x80, ...Array(13).fill(0), 9]] as number[][]
    const found = [[global!, local!], [local!, global!], [global!]].map((both) =>
      read(origin, [0x80, 14, 4 + 1 + 16 * both.length, 0, 2, 1, 16 * both.length, ...both.flat(), 0]))
    expect(found.map((a) => (typeof a === 'string' ? a : formatAddress(a.nextHop)))).toEqual(Array(3).fill('2001:db8::9'))
  })

  test.each([
    ['cut off', [0x40, 1]],
    ['longer than its length', [...nextHop, 0]],
    ['a next hop of five bytes', [0x40, 3, 5, 1, 2, 3, 4, 5]],
    ['a segment that is cut off', [0x40, 2, 6, 2, 2, 0, 0, 0, 1]],
    ['a segment of no known type', [0x40, 2, 6, 9, 1, 0, 0, 0, 1]],
    ['half a community', [0xc0, 8, 2, 1, 2]],
    ['an ORIGIN of 3', [0x40, 1, 1, 3]],
  ])('%s: malformed', (_, bytes) => {
    expect(read(origin, nextHop, bytes)).toBe('malformed')
  })

  test('whatever the bytes, they are read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const packer = new AttributePacker()
        readBgpAttribute(bytes, 0, bytes.length, packer)
        packer.pack()
      }),
      { numRuns: 1000 },
    )
  })
})
