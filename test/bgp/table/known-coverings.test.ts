/** The routes around prefixes that are asked for by the same objects again, against what the table holds. */
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { PrefixTrie } from '../../../src/bgp/table/prefix-trie.ts'
import { RouteTable } from '../../../src/bgp/table/route-table.ts'
import { packAttributes } from '../../../src/bgp/wire/packed-attributes.ts'
import { comparePrefixes, contains, formatPrefix, parsePrefix, type Prefix } from '../../../src/model/prefix.ts'
import type { Route } from '../../../src/model/route.ts'
import { attributes } from '../edge.ts'

/** They nest, and lie on either side of the bits by which changes are told apart. */
const PREFIXES = [
  '0.0.0.0/0', '10.0.0.0/8', '10.0.0.0/15', '10.0.0.0/16', '10.1.0.0/16', '10.1.2.0/24', '10.1.2.3/32', '11.0.0.0/8',
  '::/0', '2001::/16', '2001:db8::/31', '2001:db8::/32', '2001:db9::/32', '2001:db8:1::/48', '2001:db8:1::1/128', 'fc00::/7',
].map(parsePrefix)
const step = fc.record({
  kind: fc.constantFrom('announce', 'announce', 'announce', 'withdraw', 'withdraw', 'clear', 'forget' as const),
  at: fc.nat(PREFIXES.length - 1), pathId: fc.nat(1), med: fc.nat(2),
})

const told = (routes: readonly Route[]): string[] =>
  routes.map(({ prefix, paths }) => `${formatPrefix(prefix)} ${paths.map(({ pathId, med }) => `${pathId}:${med}`).join()}`)

test('whatever changes, every prefix has the routes around it as they are now', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 30 }), (steps) => {
      const table = new RouteTable()
      for (const { kind, at, pathId, med } of steps) {
        if (kind === 'announce') table.announce(PREFIXES[at]!, pathId, packAttributes(attributes('172.16.0.0', { med })))
        else if (kind === 'withdraw') table.withdraw(PREFIXES[at]!, pathId)
        else if (kind === 'clear') table.clear()
        else table.forgetUnasked()
        const all = [...table.routes()]
        for (const prefix of PREFIXES) {
          const expected = all.filter((route) => contains(route.prefix, prefix)).sort((a, b) => comparePrefixes(b.prefix, a.prefix))
          expect(told(table.covering(prefix))).toEqual(told(expected.sort((a, b) => b.prefix.length - a.prefix.length)))
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('the table is asked again only for what a change may concern', () => {
  const table = new RouteTable()
  const announce = (prefix: Prefix, med: number): void => table.announce(prefix, 1, packAttributes(attributes('172.16.0.0', { med })))
  for (const prefix of PREFIXES) announce(prefix, 0)
  const walk = vi.spyOn(PrefixTrie.prototype, 'covering')
  const walksAfter = (change: () => void): number => {
    change()
    walk.mockClear()
    for (const prefix of PREFIXES) table.covering(prefix)
    return walk.mock.calls.length
  }
  expect(walksAfter(() => {})).toBe(PREFIXES.length)
  expect(walksAfter(() => {})).toBe(0)
  expect(walksAfter(() => announce(parsePrefix('10.1.2.0/24'), 1))).toBe(3)
  expect(walksAfter(() => announce(parsePrefix('0.0.0.0/0'), 1))).toBe(8)
  expect(walksAfter(() => announce(parsePrefix('2001:db8:1::/48'), 1))).toBe(4)
  walk.mockRestore()
})
