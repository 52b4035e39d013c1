import { describe, expect, test } from 'vitest'
import { exitsOf, naturalInterface } from '../../../src/controller/plan/exits.ts'
import { parseAddress, parsePrefix } from '../../../src/model/prefix.ts'
import { interfaceOfNextHop } from '../../../src/model/topology.ts'
import { makeInterface, makePath, makeRouter, makeRoutes, MBPS, World, type Flow } from '../world.ts'

const hop = (nextHop: string) => ({ nextHop: parseAddress(nextHop) })
const of = (address: string, subnet: string) => ({ address: parseAddress(address), subnet: parsePrefix(subnet) })

describe('the interface of a next hop', () => {
  const lan = makeInterface(0, {
    name: 'lag1', addresses: [of('192.0.2.1', '192.0.2.0/24'), of('198.51.100.1', '198.51.100.0/30'), of('2001:db8:1::1', '2001:db8:1::/64')],
  })
  const other = makeInterface(1, { name: 'swp2', addresses: [of('fe80::2', 'fe80::/64')], nextHops: [parseAddress('192.0.2.99'), parseAddress('fe80::99')] })
  const router = makeRouter([lan, other])

  test.each([
    ['192.0.2.7', 'lag1'],
    ['198.51.100.2', 'lag1'],
    ['2001:db8:1::7', 'lag1'],
    // Named: that goes before any subnet.
    ['192.0.2.99', 'swp2'],
    ['fe80::99', 'swp2'],
    // Every link has this subnet.
    ['fe80::7', undefined],
    ['203.0.113.1', undefined],
  ])('%s leaves by %s', (nextHop, name) => {
    expect(interfaceOfNextHop(router, parseAddress(nextHop))?.name).toBe(name)
  })
})

describe('what can be an alternate', () => {
  test('a path of a less specific route, after those of the prefix itself', () => {
    const router = makeRouter([makeInterface(0), makeInterface(1), makeInterface(2)])
    const routes = makeRoutes([makePath('1.0.0.0/24', 0), makePath('1.0.0.0/24', 1), makePath('1.0.0.0/16', 2, { localPref: 900 })])
    expect(exitsOf(router, routes.covering(parsePrefix('1.0.0.0/24'))).map(({ interfaceIndex }) => interfaceIndex)).toEqual([0, 1, 2])
    const world = new World(router, [makePath('1.0.0.0/24', 0), makePath('1.0.0.0/16', 2)], [{ to: '1.0.0.1', bps: 90 * MBPS }])
    world.flows = [{ to: '1.0.0.1', bps: 30 * MBPS }, { to: '1.0.0.200', bps: 60 * MBPS }]
    world.step()
    expect(world.loads()[2]).toBeGreaterThan(0)
    expect(world.loads()[0]).toBeLessThanOrEqual(65 * MBPS)
  })

  test('no path whose next hop no override can have: link-local, or of the other family (RFC 8950)', () => {
    const router = makeRouter([
      makeInterface(0, { nextHops: [parseAddress('fe80::1'), parseAddress('2001:db8::1')] }),
      makeInterface(1, { nextHops: [parseAddress('fe80::2')] }),
      makeInterface(2, { nextHops: [parseAddress('2001:db8::3')] }),
    ])
    const routes = makeRoutes([
      makePath('2001:db8:9::/48', 0, hop('fe80::1')), makePath('2001:db8:9::/48', 1, hop('fe80::2')), makePath('2001:db8:9::/48', 2, hop('2001:db8::3')),
      makePath('1.0.0.0/24', 0, hop('2001:db8::1')), makePath('1.0.0.0/24', 2, hop('2001:db8::3')),
    ])
    const [six, four] = ['2001:db8:9::/48', '1.0.0.0/24'].map((text) => routes.covering(parsePrefix(text)))
    expect(exitsOf(router, six!).map(({ interfaceIndex }) => interfaceIndex)).toEqual([2])
    expect(exitsOf(router, four!)).toEqual([])
    // But where traffic goes without us is known.
    expect(naturalInterface(router, six![0]!, [])).toBe(0)
    expect(naturalInterface(router, four![0]!, [])).toBe(0)
  })
})

describe('a home that is shared over two best paths', () => {
  /** exit0 and exit1 tie for 9.0.0.0/24, and the router puts half of it on each; exit2 is the alternate. */
  const tied = { localPref: 200, asPath: [{ kind: 'sequence' as const, asns: [1] }], med: 0 }
  const paths = [makePath('9.0.0.0/24', 0, tied), makePath('9.0.0.0/24', 1, tied), makePath('9.0.0.0/24', 2, { localPref: 50 })]
  const own = [0, 1].flatMap((i) => Array.from({ length: 8 }, (_, n) => makePath(`${10 * (i + 1) + n}.0.0.0/24`, i)))

  class EcmpWorld extends World {
    override exitOf(address: ReturnType<typeof parseAddress>): number | undefined {
      const exit = super.exitOf(address)
      return address.w0 >>> 24 === 9 && exit === 0 ? address.w0 & 1 : exit
    }
  }
  const flows = (first: number, second: number, each: number): Flow[] => [
    { to: '10.0.0.1', bps: first * MBPS }, { to: '20.0.0.1', bps: second * MBPS },
    { to: '9.0.0.2', bps: each * MBPS }, { to: '9.0.0.3', bps: each * MBPS },
  ]
  const interfaces = [0, 1, 2].map((i) => makeInterface(i, { perPrefixThresholdBps: 90 * MBPS }))

  test('relief counts what leaves the full interface, and the target takes all of it', () => {
    const world = new EcmpWorld(makeRouter(interfaces), [...paths, ...own], flows(62, 10, 20))
    expect(world.loads().map((bps) => bps / MBPS)).toEqual([82, 30, 0])
    const { decisions } = world.step()
    expect(decisions.map(({ inputs }) => inputs['moved_bps'])).toEqual([20 * MBPS])
    expect(world.loads().map((bps) => bps / MBPS)).toEqual([62, 10, 40])
    // A target that has room for the part, and not for all of it, is not filled.
    const full = new EcmpWorld(makeRouter(interfaces), [...paths, ...own, makePath('30.0.0.0/24', 2)], [...flows(62, 10, 20), { to: '30.0.0.1', bps: 30 * MBPS }])
    full.step()
    expect(full.loads().map((bps) => bps / MBPS)).toEqual([82, 30, 30])
  })

  test('it comes home when both have room, not only the one that was full', () => {
    const world = new EcmpWorld(makeRouter(interfaces), [...paths, ...own], flows(62, 10, 20))
    world.step()
    world.flows = flows(10, 60, 20)
    for (let i = 0; i < 20; i++) world.step()
    expect(world.loads().map((bps) => bps / MBPS)).toEqual([10, 60, 40])
    world.flows = flows(10, 30, 20)
    for (let i = 0; i < 20; i++) world.step()
    expect(world.loads().map((bps) => bps / MBPS)).toEqual([30, 50, 0])
  })
})
