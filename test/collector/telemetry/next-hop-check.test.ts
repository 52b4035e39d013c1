import { describe, expect, it } from 'vitest'
import { NextHopCheck } from '../../../src/collector/telemetry/next-hop-check.ts'
import { parseAddress, parsePrefix } from '../../../src/model/prefix.ts'
import { egressInterface, router } from '../simulated-link.ts'

const RTR = router([
  egressInterface({
    name: 'peer', ifIndex: 3,
    addresses: ['172.16.0.0/31', '2001:db8::/64'].map((p) => ({ address: parsePrefix(p), subnet: parsePrefix(p) })),
  }),
  egressInterface({ name: 'transit', ifIndex: 4, nextHops: [parseAddress('10.9.9.9')] }),
])
const [PEER, TRANSIT] = [0, 1]

/** Feeds the next hop so often; what is wrong afterwards. */
function createFeed() {
  const check = new NextHopCheck(RTR)
  return (interfaceIndex: number, nextHop: string, times: number, nowMs = 0): string | undefined => {
    for (let i = 0; i < times; i++) check.observe(interfaceIndex, parseAddress(nextHop), nowMs)
    const contradiction = check.contradiction(interfaceIndex, nowMs)
    return contradiction?.kind === 'ifindex_mismatch' ? contradiction.evidence : undefined
  }
}

describe('the next hop of samples', () => {
  it('fits the interface by its subnets and its next_hops, IPv6 too', () => {
    const feed = createFeed()
    expect([feed(PEER, '172.16.0.1', 50), feed(PEER, '2001:db8::1', 50), feed(TRANSIT, '10.9.9.9', 50)]).toEqual([undefined, undefined, undefined])
  })

  it('that is of another interface contradicts the ifIndex, from the start as well as after a renumbering', () => {
    const feed = createFeed()
    const evidence = 'samples leave by ifIndex 4 to 172.16.0.1, which peer has'
    expect(feed(TRANSIT, '172.16.0.1', 15)).toBe(undefined)
    expect(feed(TRANSIT, '172.16.0.1', 1)).toBe(evidence)
    expect(feed(PEER, '172.16.0.1', 5000)).toBe(undefined)
    expect(feed(PEER, '10.9.9.9', 70)).toBe('samples leave by ifIndex 3 to 10.9.9.9, which transit has')
    expect(feed(PEER, '172.16.0.1', 200)).toBe(undefined)
  })

  it('that no configured interface has says so only where others fitted before, and none does any more', () => {
    const feed = createFeed()
    expect(feed(PEER, '10.1.1.1', 1000)).toBe(undefined)
    for (let i = 0; i < 50; i++) {
      expect([feed(PEER, '10.1.1.1', 20), feed(PEER, '172.16.0.1', 2)]).toEqual([undefined, undefined])
    }
    feed(PEER, '172.16.0.1', 100)
    const evidence = 'samples leave by ifIndex 3 to 10.1.1.1, which none of the configured interfaces has'
    expect([feed(PEER, '10.1.1.1', 60), feed(PEER, '10.1.1.1', 300)]).toEqual([undefined, evidence])
    expect(feed(PEER, '172.16.0.1', 30)).toBe(undefined)
  })

  it('that is wrong is forgotten when no more come, as when nothing leaves by the ifIndex any more', () => {
    const feed = createFeed()
    feed(TRANSIT, '172.16.0.1', 100)
    expect(feed(TRANSIT, '172.16.0.1', 0, 30_000)).toEqual(expect.any(String))
    expect(feed(TRANSIT, '172.16.0.1', 0, 30_001)).toBe(undefined)
    expect(feed(TRANSIT, '172.16.0.1', 1, 40_000)).toBe(undefined)
    expect(feed(TRANSIT, '172.16.0.1', 100, 40_000)).toEqual(expect.any(String))
  })

  it('of a few in passing, of directly connected destinations, or link-local, tells nothing', () => {
    const feed = createFeed()
    feed(PEER, '172.16.0.1', 100)
    expect([feed(PEER, '10.9.9.9', 10), feed(PEER, '0.0.0.0', 1000), feed(PEER, '::', 1000), feed(PEER, 'fe80::1', 1000)]).toEqual([
      undefined, undefined, undefined, undefined,
    ])
  })
})
