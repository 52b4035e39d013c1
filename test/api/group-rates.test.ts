import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { groupRates, largestRates, type PrefixRate } from '../../src/api/group-rates.ts'
import { contains, formatPrefix, prefixOf, type Address } from '../../src/model/prefix.ts'
import { Rates } from '../../src/model/rates.ts'
import { createFakeView, REPORT, ROUTERS } from './fake-view.ts'

const VIEW = createFakeView()

test('every destination counts once, in the group that a plain search finds', () => {
  const address = fc
    .tuple(fc.constantFrom(0xc6336400, 0xc6330700, 0xc6330000, 0xcb007100), fc.nat(255))
    .map(([base, host]): Address => ({ family: 4, w0: base + host, w1: 0, w2: 0, w3: 0 }))
  const bps = fc.integer({ min: 1, max: 1e6 })
  const row = fc.record({ address, interfaceIndex: fc.nat(1), bps, samples: fc.nat(9) })
  const cut = fc.integer({ min: 24, max: 32 })
  fc.assert(
    fc.property(fc.array(row), fc.uniqueArray(fc.tuple(address, cut), { maxLength: 6 }), (rows, cuts) => {
      const overrides = withoutNesting(cuts.map(([a, length]) => prefixOf(a, length))).map((prefix) => {
        const [report] = REPORT.routers[0]!.overrides
        return { ...report!, id: formatPrefix(prefix), override: { ...report!.override, prefix } }
      })
      const traffic = { ...VIEW.traffic('edge1'), rates: new Rates(rows) }
      const top = groupRates(ROUTERS[0]!, traffic, VIEW.routes, overrides)
      const wanted = new Map<string, number>()
      for (const { address, interfaceIndex, bps } of rows) {
        const override = overrides.find((o) => contains(o.override.prefix, address))
        const route = VIEW.routes.longestMatch('edge1', address)
        const prefix = override?.override.prefix ?? route?.prefix ?? prefixOf(address, 24)
        const key = `${traffic.interfaces[interfaceIndex]!.name} ${formatPrefix(prefix)} ${override?.id}`
        wanted.set(key, (wanted.get(key) ?? 0) + bps)
      }
      const found = top.map((t) => [`${t.interface} ${formatPrefix(t.prefix)} ${t.override}`, t.bps] as const)
      expect(new Map(found)).toEqual(wanted)
      expect(found).toHaveLength(wanted.size)
    }),
  )
})

test('the largest are those that sorting all gives, and always the same', () => {
  const rate = fc
    .record({ bps: fc.nat(9), host: fc.nat(255), interface: fc.constantFrom('a', 'b') })
    .map(({ host, ...rest }): PrefixRate => {
      const prefix = { family: 4, w0: host, w1: 0, w2: 0, w3: 0, length: 32 } as const
      return { router: 'edge1', prefix, samples: 1, override: undefined, ...rest }
    })
  const rates = fc.uniqueArray(rate, { selector: (r) => `${r.prefix.w0} ${r.interface}` })
  fc.assert(
    fc.property(rates, fc.integer({ min: 1, max: 20 }), (all, limit) => {
      const top = largestRates(all, limit)
      const sorted = all.map(({ bps }) => bps).sort((a, b) => b - a)
      expect(top.map(({ bps }) => bps)).toEqual(sorted.slice(0, limit))
      expect(largestRates(all.toReversed(), limit)).toEqual(top)
    }),
  )
})

function withoutNesting(prefixes: readonly ReturnType<typeof prefixOf>[]) {
  const isWithin = (i: number, j: number): boolean =>
    j !== i && contains(prefixes[j]!, prefixes[i]!) && (!contains(prefixes[i]!, prefixes[j]!) || j < i)
  return prefixes.filter((_, i) => !prefixes.some((_, j) => isWithin(i, j)))
}
