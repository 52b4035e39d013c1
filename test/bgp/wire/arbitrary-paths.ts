/** Prefixes and attributes of paths, whatever they may be. */
import fc from 'fast-check'
import { addressBits, prefixOf, type Family, type Prefix } from '../../../src/model/prefix.ts'
import type { PathAttributes } from '../../../src/model/route.ts'

export const uint32 = fc.integer({ min: 0, max: 0xffffffff })
export const arbitraryPrefix: fc.Arbitrary<Prefix> = fc
  .tuple(fc.constantFrom<Family>(4, 6), uint32, uint32, uint32, uint32, fc.integer({ min: 0, max: 128 }))
  .map(([family, w0, w1, w2, w3, length]) =>
    prefixOf(family === 4 ? { family, w0, w1: 0, w2: 0, w3: 0 } : { family, w0, w1, w2, w3 }, length % (addressBits(family) + 1)))

/** All but next hop and ORIGINATOR_ID. */
export const arbitraryAttributes = fc.record({
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
