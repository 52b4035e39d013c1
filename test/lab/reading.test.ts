/** What the lab reads of kernels and of its command line. */
import { describe, expect, test } from 'vitest'
import { BIRD } from '../../lab/bird.ts'
import { FRR } from '../../lab/frr.ts'
import { parseInterfaceTotals } from '../../lab/interface-totals.ts'
import { KernelRoutes, parseRouteChange } from '../../lab/kernel-routes.ts'
import { readOptions } from '../../lab/options.ts'
import { readStreams } from '../../lab/read-streams.ts'
import { renderTable } from '../../lab/table.ts'

describe('parseInterfaceTotals', () => {
  test('reads /proc/net/dev', () => {
    const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
  swp1:    1290      15    1    2    0     0          0         0 14992800    9903    3    4    0     0       0          0
`
    const totals = parseInterfaceTotals(text)
    expect([...totals.keys()]).toEqual(['lo', 'swp1'])
    expect(totals.get('swp1')).toEqual({
      inBytes: 1290, inPackets: 15, inErrors: 1, inDrops: 2, outBytes: 14992800, outPackets: 9903, outErrors: 3, outDrops: 4,
    })
  })
})

describe('the routes of a kernel', () => {
  const lines = [
    '[2026-11-20T12:10:49.995292] 4.0.0.0/24 nhid 26 via 172.16.0.0 dev swp1 proto bgp metric 20 ',
    '[2026-11-20T12:10:49.996627] blackhole 5.0.0.0/24 ',
    '[2026-11-20T12:10:49.997852] 6.0.0.1 via 10.1.1.2 dev swp1 ',
    '[2026-11-20T12:10:49.999088] 4.0.0.0/24 nhid 27 via 172.17.0.0 dev swp2 proto bgp metric 20 ',
    '[2026-11-20T12:10:50.000264] Deleted 6.0.0.1 via 10.1.1.2 dev swp1 ',
    '[2026-11-20T12:10:50.000485] broadcast 10.1.1.255 dev swp1 table local proto kernel scope link src 10.1.1.1 ',
    '[2026-11-20T12:10:50.000491] fe80::/64 dev swp1 proto kernel metric 256 pref medium',
    '[2026-11-20T12:10:50.000493] multicast ff00::/8 dev swp1 table local proto kernel metric 256 pref medium',
    '[2026-11-20T12:10:50.000497] 2a00:1::/48 nhid 28 via fe80::4499:ff:fe9f:20ad dev swp1 proto bgp metric 20 pref medium',
    '[2026-11-20T12:10:50.000501] 2a00:2::1 via 2001:db8:1::2 dev swp1 proto bird metric 32 pref medium',
  ]

  test('are followed', () => {
    const routes = new KernelRoutes()
    for (const change of lines.map(parseRouteChange)) if (change !== undefined) routes.apply(change)
    expect(routes.through('swp1')).toEqual(['2a00:1::/48', '2a00:2::1/128'])
    expect(routes.through('swp2')).toEqual(['4.0.0.0/24'])
    expect([routes.has('4.0.0.0/24'), routes.has('6.0.0.1/32'), routes.has('5.0.0.0/24')]).toEqual([true, false, false])
    expect(routes.changesSince(Date.UTC(2026, 10, 20, 12, 10, 49, 998))).toEqual([
      { atMs: Date.UTC(2026, 10, 20, 12, 10, 49, 999), prefix: '4.0.0.0/24', device: 'swp2' },
      { atMs: Date.UTC(2026, 10, 20, 12, 10, 50, 0), prefix: '6.0.0.1/32', device: undefined },
      { atMs: Date.UTC(2026, 10, 20, 12, 10, 50, 0), prefix: '2a00:1::/48', device: 'swp1' },
      { atMs: Date.UTC(2026, 10, 20, 12, 10, 50, 0), prefix: '2a00:2::1/128', device: 'swp1' },
    ])
  })
})

describe('the command line', () => {
  test('without options: the four scenarios', () => {
    expect(readOptions([])).toEqual({
      software: FRR, scenarios: ['four-prefixes', 'two-prefixes', 'neighbors', 'ipv6'],
      counterIntervalMs: 1000, samplingRate: 5, runs: 3, keep: false,
    })
  })

  test('with all of them', () => {
    const all = '--router bird --scenario seconds --counters 10 --sampling 100 --runs 5 --keep'
    expect(readOptions(all.split(' '))).toEqual({
      software: BIRD, scenarios: ['seconds'], counterIntervalMs: 10_000, samplingRate: 100, runs: 5, keep: true,
    })
  })

  test('with BIRD: two scenarios', () => {
    expect(readOptions(['--router', 'bird'])).toMatchObject({ software: BIRD, scenarios: ['four-prefixes', 'ipv6'] })
  })

  test.each([
    [['--router', 'ios'], '--router "ios": use one of frr, bird'],
    [['--scenario', 'toString'], '--scenario "toString": use one of four-prefixes'],
    [['--scenario'], '--scenario ""'],
    [['--counters', 'often'], '--counters "often": use a number from 0.5 to 300'],
    [['--runs', '0'], '--runs "0"'],
    [['--help-me'], 'unknown option "--help-me"'],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message)
  })
})

describe('streams as people type them', () => {
  test('of both families', () => {
    expect(readStreams(['1.0.0.1=20', '2a00:1::1=0.5'])).toEqual([{ to: '1.0.0.1', bps: 20e6 }, { to: '2a00:1::1', bps: 0.5e6 }])
  })

  test.each(['1.0.0=20', '1.0.0.1', '1.0.0.1=', '1.0.0.1=x', '1.0.0.1=2=0', 'localhost=20', '=20'])('refuses %s', (word) => {
    expect(readStreams(['1.0.0.1=20', word])).toBeUndefined()
  })
})

test('renderTable', () => {
  expect(renderTable([['a', 'before', 'x'], ['load', '1', '']])).toBe('a      before   x\nload        1\n')
})
