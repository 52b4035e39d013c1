import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { packAttributes } from '../../../src/bgp/wire/packed-attributes.ts'
import { PrefixTrie } from '../../../src/bgp/table/prefix-trie.ts'
import { RouteTable } from '../../../src/bgp/table/route-table.ts'
import {
  addressBits, contains, formatAddress, formatPrefix, parseAddress, parsePrefix, prefixOf, type Address, type Family, type Prefix,
} from '../../../src/model/prefix.ts'
import type { Path, PathAttributes, Route, RpkiState } from '../../../src/model/route.ts'
import { attributes, packed } from '../edge.ts'

/** Addresses crowd around few places, so that prefixes nest, fork and meet; all lengths occur. */
function arbitraryAddress(family: Family): fc.Arbitrary<Address> {
  const word = fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.constantFrom(0xffffffff, 0x80000000, 1) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 0xffffffff }) },
  )
  return family === 4
    ? fc.record({ family: fc.constant(family), w0: word, w1: fc.constant(0), w2: fc.constant(0), w3: fc.constant(0) })
    : fc.record({ family: fc.constant(family), w0: word, w1: word, w2: word, w3: word })
}

function arbitraryPrefix(family: Family): fc.Arbitrary<Prefix> {
  return fc.tuple(arbitraryAddress(family), fc.integer({ min: 0, max: addressBits(family) })).map(([a, n]) => prefixOf(a, n))
}

const arbitraryAttributes: fc.Arbitrary<PathAttributes> = fc
  .record({
    nextHop: fc.constantFrom('172.16.0.0', '172.16.0.2', '2001:db8::1'),
    med: fc.constantFrom(undefined, 0, 1),
    asPath: fc.constantFrom([], [{ kind: 'sequence', asns: [1, 2] } as const], [{ kind: 'set', asns: [1, 2] } as const]),
    communities: fc.constantFrom([], [1, 2], [12]),
  })
  .map(({ nextHop, ...rest }) => attributes(nextHop, rest))

type Step =
  | { kind: 'announce'; prefix: Prefix; pathId: number; attributes: PathAttributes; rpki: RpkiState }
  | { kind: 'withdraw'; prefix: Prefix; pathId: number }
  | { kind: 'clear' }

function arbitrarySteps(family: Family): fc.Arbitrary<Step[]> {
  return fc.uniqueArray(arbitraryPrefix(family), { minLength: 1, maxLength: 12, selector: formatPrefix }).chain((prefixes) => {
    const prefix = fc.constantFrom(...prefixes)
    const pathId = fc.integer({ min: 0, max: 2 })
    const rpki = fc.constantFrom<RpkiState>('unknown', 'valid', 'invalid')
    return fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.record({ kind: fc.constant('announce' as const), prefix, pathId, attributes: arbitraryAttributes, rpki }) },
        { weight: 4, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), prefix, pathId }) },
        { weight: 1, arbitrary: fc.constant({ kind: 'clear' as const }) },
      ),
      { maxLength: 60 },
    )
  })
}

/** The same in the plainest way: a list of paths, searched from end to end. */
class NaiveTable {
  paths: Path[] = []

  run(step: Step): void {
    if (step.kind === 'clear') return void (this.paths = [])
    const isSame = (p: Path): boolean => p.pathId === step.pathId && formatPrefix(p.prefix) === formatPrefix(step.prefix)
    const before = this.paths.find(isSame)
    this.paths = this.paths.filter((p) => !isSame(p))
    if (step.kind === 'withdraw') return
    const path: Path = { ...step.attributes, prefix: step.prefix, pathId: step.pathId, rpki: step.rpki }
    const keeps = before !== undefined && path.rpki === 'unknown' && isDeepStrictEqual(before, { ...path, rpki: before.rpki })
    this.paths.push(keeps ? before : path)
  }

  covering(inner: Prefix): Prefix[] {
    const found = new Map(this.paths.filter((p) => contains(p.prefix, inner)).map((p) => [formatPrefix(p.prefix), p.prefix]))
    return [...found.values()].sort((a, b) => b.length - a.length)
  }

  route(prefix: Prefix): Record<string, Path> {
    return byPathId(this.paths.filter((p) => formatPrefix(p.prefix) === formatPrefix(prefix)))
  }
}

function byPathId(paths: readonly Path[]): Record<string, Path> {
  return Object.fromEntries(paths.map((p) => [p.pathId, p]))
}

function run(table: RouteTable, step: Step): void {
  switch (step.kind) {
    case 'announce':
      return table.announce(step.prefix, step.pathId, packAttributes(step.attributes), step.rpki)
    case 'withdraw':
      return void table.withdraw(step.prefix, step.pathId)
    case 'clear':
      return table.clear()
  }
}

describe.each([4, 6] as const)('IPv%i route table', (family) => {
  test('equals a list that is searched from end to end, after every step', () => {
    fc.assert(
      fc.property(arbitrarySteps(family), fc.array(arbitraryAddress(family), { maxLength: 5 }), (steps, addresses) => {
        const [table, naive] = [new RouteTable(), new NaiveTable()]
        for (const step of steps) {
          run(table, step)
          naive.run(step)
          const prefixes = steps.flatMap((s) => (s.kind === 'clear' ? [] : [s.prefix]))
          for (const place of [...addresses.map((a) => ({ ...a, length: addressBits(family) })), ...prefixes]) {
            const expected = naive.covering({ ...place, length: addressBits(family) })[0]
            const found = table.longestMatch(place)
            expect(found && formatPrefix(found.prefix)).toBe(expected && formatPrefix(expected))
            if (found !== undefined) expect(byPathId(found.paths)).toEqual(naive.route(found.prefix))
            const covering = table.covering(place)
            expect(covering.map((r) => formatPrefix(r.prefix))).toEqual(naive.covering(place).map(formatPrefix))
            const towards: unknown[] = []
            table.pathsTowards(place, (nextHop, rpki) => towards.push([formatAddress(nextHop), rpki]))
            expect(towards).toEqual(covering.flatMap(({ paths }) => paths.map((path) => [formatAddress(path.nextHop), path.rpki])))
          }
          expect(table.counts(family)).toEqual({
            routes: new Set(naive.paths.map((p) => formatPrefix(p.prefix))).size,
            paths: naive.paths.length,
          })
          expect([...table.nextHops()].map(formatAddress).sort()).toEqual(
            [...new Set(naive.paths.map((p) => formatAddress(p.nextHop)))].sort(),
          )
        }
        const routes = [...table.routes()]
        expect(routes.map((r) => formatPrefix(r.prefix)).sort()).toEqual(
          [...new Set(naive.paths.map((p) => formatPrefix(p.prefix)))].sort(),
        )
        for (const route of routes) expect(byPathId(route.paths)).toEqual(naive.route(route.prefix))
      }),
      { numRuns: 150 },
    )
  })

  test('whatever came, withdrawing it leaves nothing behind', () => {
    fc.assert(
      fc.property(arbitrarySteps(family), (steps) => {
        const table = new RouteTable()
        for (const step of steps) run(table, step)
        for (const { prefix, paths } of Array.from(table.routes())) {
          for (const { pathId } of paths) expect(table.withdraw(prefix, pathId)).toBe(true)
        }
        expect(table.counts(family)).toEqual({ routes: 0, paths: 0 })
        expect([...table.routes()]).toEqual([])
        expect([...table.nextHops()]).toEqual([])
      }),
    )
  })
})

test('a trie holds no more nodes than its prefixes need', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), arbitraryPrefix(4)), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (list) => {
      const trie = new PrefixTrie(4)
      for (const [add, prefix] of [...list, ...list.map(([, p]) => [false, p] as const)]) {
        if (add) trie.set(prefix, 1)
        else trie.delete(prefix)
        expect(trie.nodes).toBeLessThanOrEqual(Math.max(0, 2 * trie.size - 1))
      }
      expect(trie.nodes).toBe(0)
    }),
  )
})

describe('route table', () => {
  const prefix = parsePrefix('203.0.113.0/24')

  test('what the RPKI said of a path is kept while the path is announced as it was, and given anew when it changes', () => {
    const table = new RouteTable()
    const told = (med: number, rpki?: RpkiState): string => {
      table.announce(prefix, 1, packed('172.16.0.0', { med }), rpki)
      return table.route(prefix)!.paths[0]!.rpki
    }
    expect([told(0), told(0, 'valid'), told(0), told(0, 'invalid'), told(0), told(1), told(1, 'not_found')]).toEqual([
      'unknown', 'valid', 'valid', 'invalid', 'invalid', 'unknown', 'not_found',
    ])
    const holds = (med: number, rpki: RpkiState): boolean => table.holds(prefix, 1, packed('172.16.0.0', { med }), rpki)
    expect([holds(1, 'not_found'), holds(1, 'unknown'), holds(1, 'valid'), holds(0, 'not_found')]).toEqual([true, true, false, false])
  })

  test('only routes that somebody asks for are told as asked for, each once while it does not change', () => {
    const table = new RouteTable()
    const asked = (): string[] => Array.from({ [Symbol.iterator]: () => table.asked() }, (route) => formatPrefix(route.prefix))
    for (const other of ['198.51.100.0/24', '192.0.2.0/24']) table.announce(parsePrefix(other), 1, packed('172.16.0.0'))
    table.announce(prefix, 1, packed('172.16.0.0'))
    table.route(prefix)
    table.longestMatch(prefix)
    table.covering(parsePrefix('192.0.2.128/25'))
    expect(asked()).toEqual(['203.0.113.0/24', '192.0.2.0/24'])
    table.announce(prefix, 1, packed('172.16.0.2'))
    expect(asked()).toEqual(['192.0.2.0/24'])
    table.withdraw(parsePrefix('192.0.2.0/24'), 1)
    expect(asked()).toEqual([])
  })
  const route = (table: RouteTable): Route | undefined => table.longestMatch(parseAddress('203.0.113.9'))

  test('keeps IPv4 and IPv6 apart', () => {
    const table = new RouteTable()
    table.announce(parsePrefix('0.0.0.0/0'), 0, packed('172.16.0.0'))
    expect(table.longestMatch(parseAddress('2001:db8::1'))).toBeUndefined()
    table.announce(parsePrefix('::/0'), 0, packed('2001:db8::1'))
    expect(table.longestMatch(parseAddress('2001:db8::1'))?.prefix.family).toBe(6)
    expect(table.counts(4)).toEqual({ routes: 1, paths: 1 })
  })

  test('gives the same route until one of its paths changes, and never changes one that it gave', () => {
    const table = new RouteTable()
    table.announce(prefix, 1, packed('172.16.0.0'))
    const first = route(table)!
    expect(route(table)).toBe(first)
    table.announce(prefix, 2, packed('172.16.0.2'))
    expect(first.paths).toHaveLength(1)
    expect(route(table)!.paths.map((p) => p.pathId)).toEqual([1, 2])
    table.announce(prefix, 1, packed('172.16.0.4'))
    expect(route(table)!.paths.map((p) => formatAddress(p.nextHop))).toEqual(['172.16.0.4', '172.16.0.2'])
  })

  test('shares equal attributes between paths, and tells apart what only looks equal', () => {
    const table = new RouteTable()
    const other = parsePrefix('198.51.100.0/24')
    table.announce(prefix, 1, packed('172.16.0.0', { communities: [1, 2] }))
    table.announce(other, 1, packed('172.16.0.0', { communities: [1, 2] }))
    table.announce(other, 2, packed('172.16.0.0', { communities: [12] }))
    const [a, b] = table.longestMatch(parseAddress('198.51.100.1'))!.paths
    expect(a!.communities).toBe(route(table)!.paths[0]!.communities)
    expect(b!.communities).toEqual([12])
  })

  test('a withdrawal of what is not there changes nothing', () => {
    const table = new RouteTable()
    table.announce(prefix, 1, packed('172.16.0.0'))
    expect(table.withdraw(prefix, 2)).toBe(false)
    expect(table.withdraw(parsePrefix('203.0.113.0/25'), 1)).toBe(false)
    expect(table.withdraw(parsePrefix('203.0.112.0/23'), 1)).toBe(false)
    expect(table.counts(4)).toEqual({ routes: 1, paths: 1 })
  })
})
