/** Demand against the plainest sorting out that there is. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Demand, type PrefixDemand } from '../../../src/controller/plan/demand.ts'
import {
  compareAddresses, comparePrefixes, contains, formatAddress, formatPrefix, parseAddress, prefixOf, type Address, type Prefix,
} from '../../../src/model/prefix.ts'
import { Rates, type DestinationRate } from '../../../src/model/rates.ts'
import { makeInterface, makePath, makeRouter, makeRoutes } from '../world.ts'

const INTERFACES = 3
const router = makeRouter(Array.from({ length: INTERFACES }, (_, i) => makeInterface(i)))

/** Few addresses, at both ends of the number space, so that prefixes nest and destinations repeat. */
const address: fc.Arbitrary<Address> = fc
  .record({ four: fc.boolean(), high: fc.constantFrom(0, 10, 255), low: fc.nat(15) })
  .map(({ four, high, low }) => parseAddress(four ? `${high}.0.${low >> 2}.${(low & 3) * 85}` : `2001:db8:${high}:${low >> 2}::${(low & 3) * 85}`))
const prefix: fc.Arbitrary<Prefix> = address.chain((a) =>
  fc.constantFrom(...(a.family === 4 ? [6, 8, 21, 22, 23, 24, 25, 26, 32] : [30, 32, 46, 48, 62, 63, 64, 128])).map((length) => prefixOf(a, length)),
)
const row: fc.Arbitrary<DestinationRate> = fc.record({
  address, interfaceIndex: fc.nat(INTERFACES - 1), bps: fc.nat(1000), samples: fc.nat(20),
})
const network = fc.record({
  received: fc.uniqueArray(prefix, { selector: formatPrefix, maxLength: 12 }),
  // The collector has one row for a destination and an interface.
  rows: fc.uniqueArray(row, { selector: (r) => `${formatAddress(r.address)} ${r.interfaceIndex}`, maxLength: 40 }),
})

/** Rows by the received prefix, or the one of default length, that they belong to. */
function sortOut(received: readonly Prefix[], rows: readonly DestinationRate[]): Map<string, DestinationRate[]> {
  return Map.groupBy(rows, ({ address: to }) => formatPrefix(parentOf(received, to) ?? prefixOf(to, router.defaultPrefixLength[to.family])))
}

function parentOf(received: readonly Prefix[], inner: Address | Prefix): Prefix | undefined {
  return received.filter((p) => contains(p, inner)).toSorted((a, b) => b.length - a.length)[0]
}

function sum(rows: readonly DestinationRate[]): { bps: number; samples: number } {
  return { bps: rows.reduce((all, r) => all + r.bps, 0), samples: rows.reduce((all, r) => all + r.samples, 0) }
}

function inOrder(rows: readonly DestinationRate[]): DestinationRate[] {
  return rows.toSorted((a, b) => compareAddresses(a.address, b.address) || a.interfaceIndex - b.interfaceIndex)
}

function asMap(demands: readonly PrefixDemand[]): Map<string, readonly DestinationRate[]> {
  return new Map(demands.map((one) => [formatPrefix(one.prefix), one.rates.rows]))
}

test('nested routes, both families, several interfaces: every prefix has its own destinations, whatever is asked first', () => {
  fc.assert(
    fc.property(network, prefix, ({ received, rows }, asked) => {
      const make = (): Demand => new Demand(router, new Rates(rows), makeRoutes(received.map((p) => makePath(formatPrefix(p), 0))))
      const plain = sortOut(received, rows)
      const demand = make()
      expect(asMap(demand.prefixes())).toEqual(new Map([...plain].map(([key, own]) => [key, inOrder(own)])))
      for (const { prefix: parent, route } of demand.prefixes()) {
        const known = received.find((p) => comparePrefixes(p, parent) === 0)
        expect(route?.prefix).toEqual(known)
      }
      for (const i of router.interfaces.keys()) {
        const leaving = [...plain].filter(([, own]) => own.some((r) => r.interfaceIndex === i))
        expect(demand.leavingBy(i).prefixes.map(formatPrefix).toSorted()).toEqual(leaving.map(([key]) => key).toSorted())
      }
      for (const one of [demand, make()]) {
        for (const p of [...received, asked]) {
          const own = received.some((r) => comparePrefixes(r, p) === 0) ? plain.get(formatPrefix(p)) : undefined
          expect(one.of(p)?.rates.rows).toEqual(own && inOrder(own))
          const parent = parentOf(received, p)
          const moved = parent === undefined ? [] : (plain.get(formatPrefix(parent)) ?? []).filter((r) => contains(p, r.address))
          expect(one.movedBy(p)).toEqual(sum(moved))
          for (const i of router.interfaces.keys()) expect(one.movedBy(p, i)).toEqual(sum(moved.filter((r) => r.interfaceIndex === i)))
        }
      }
      for (const { prefix: parent, rates } of demand.prefixes()) {
        const own = plain.get(formatPrefix(parent))!
        for (const p of [parent, asked]) {
          const inside = own.filter((r) => contains(p, r.address))
          expect(rates.within(p)).toEqual(inOrder(inside))
          expect(rates.towards(p)).toEqual(sum(inside))
        }
      }
    }),
    { numRuns: 500 },
  )
})
