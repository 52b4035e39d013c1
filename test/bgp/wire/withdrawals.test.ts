import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GOBGP_V3 } from '../../../src/bgp/wire/gobgp-v3.ts'
import { GOBGP_V4 } from '../../../src/bgp/wire/gobgp-v4.ts'
import { isWithdrawalOf } from '../../../src/bgp/wire/gobgp-paths.ts'
import { encodeWithdrawals } from '../../../src/bgp/wire/withdrawals.ts'
import { parsePrefix, prefixOf, type Prefix } from '../../../src/model/prefix.ts'

const IPV4 = parsePrefix('203.0.113.0/24')
const uint32 = fc.integer({ min: 0, max: 0xffffffff })
const prefix = fc
  .record({ family: fc.constantFrom(4 as const, 6 as const), words: fc.tuple(uint32, uint32, uint32, uint32), share: fc.nat(32) })
  .map(({ family, words: [w0, w1, w2, w3], share }) =>
    family === 4
      ? prefixOf({ family, w0, w1: 0, w2: 0, w3: 0 }, share)
      : prefixOf({ family, w0, w1, w2, w3 }, share * 4))

describe.each([['v3', GOBGP_V3], ['v4', GOBGP_V4]] as const)('withdrawals in %s', (_, dialect) => {
  test('withdraw each of the routes and add none, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ prefix, pathId: uint32 }), { maxLength: 20 }), (routes) => {
        const paths = encodeWithdrawals(dialect, routes).flatMap((bytes) => dialect.addPathStream.decodeRequest(bytes).paths)
        expect(paths.length).toBe(routes.length)
        expect(paths.every((path, i) => isWithdrawalOf(path, routes[i]!))).toBe(true)
        expect(paths.every(({ is_withdraw, pattrs }) => is_withdraw && pattrs.length === 0)).toBe(true)
      }),
    )
  })

  test('many are several messages, in their order', () => {
    const routes = Array.from({ length: 2_500 }, (__, i) => ({ prefix: IPV4, pathId: i }))
    const messages = encodeWithdrawals(dialect, routes).map((bytes) => dialect.addPathStream.decodeRequest(bytes).paths)
    expect(messages.map(({ length }) => length)).toEqual([1_000, 1_000, 500])
    expect(messages.flat().map(({ identifier }) => identifier)).toEqual(routes.map(({ pathId }) => pathId))
  })

  test.each([
    ['no length', { ...IPV4, length: undefined }, 0],
    ['a length beyond the family', { ...IPV4, length: 33 }, 0],
    ['bits behind the length', { ...IPV4, length: 8 }, 0],
    ['an identifier that is none', IPV4, -1],
  ])('one of %s, and nothing is sent of all', (__, wrong, pathId) => {
    const routes = [{ prefix: IPV4, pathId: 0 }, { prefix: wrong as Prefix, pathId }]
    expect(() => encodeWithdrawals(dialect, routes)).toThrow('nothing was sent')
  })
})
