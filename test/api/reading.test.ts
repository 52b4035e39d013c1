import { describe, expect, test } from 'vitest'
import type { TelemetryState } from '../../src/controller/report.ts'
import { Rates } from '../../src/model/rates.ts'
import { createFakeView, GOBGP_DOWN, OVERRIDE_ID, REPORT } from './fake-view.ts'
import { serve, TOKEN } from './served.ts'

test('healthz is 200 while the process answers', async () => {
  const { ask } = await serve(createFakeView({ report: () => undefined, gobgp: () => [] }))
  expect((await ask('/healthz')).status).toBe(200)
})

describe('readyz', () => {
  test('is 200 when GoBGP answers, a router has session and telemetry, and a plan is made', async () => {
    const { ask } = await serve()
    expect((await ask('/readyz')).status).toBe(200)
  })

  const [edge1, edge2] = REPORT.routers
  const down = { up: false, synced: false }
  const withRouters = (...routers: (typeof REPORT)['routers']) => ({ report: () => ({ ...REPORT, routers }) })
  const noSession = 'no router has its BGP session up and its routes read'
  const neverHeard = { telemetry: edge2!.telemetry, telemetryState: 'silent' as TelemetryState }
  test.each([
    ['GoBGP', { gobgp: () => [GOBGP_DOWN] }, ['no GoBGP answers (127.0.0.1:50052: refused)']],
    ['an answer in time', withRouters({ ...edge1!, gobgpAnswers: false }), ['no GoBGP answers in time']],
    ['the first plan', { report: () => undefined }, ['the first plan is not made yet']],
    ['a session', withRouters({ ...edge1!, session: down }), [noSession]],
    ['routes', withRouters({ ...edge1!, session: { up: true, synced: false } }), [noSession]],
    ['telemetry', withRouters({ ...edge1!, telemetryState: 'stale' }), ['no router sends telemetry that can be used']],
    [
      'telemetry that can be true',
      withRouters({ ...edge1!, telemetryState: 'stale', telemetryFaults: ['counters of swp1 say 8.0 Mbps, flows 80.0 Mbps'] }),
      ['no router sends telemetry that can be used (edge1: counters of swp1 say 8.0 Mbps, flows 80.0 Mbps)'],
    ],
    ['any telemetry ever', withRouters({ ...edge1!, ...neverHeard }), ['no router sends telemetry that can be used']],
    [
      'both on one router',
      withRouters({ ...edge1!, session: down }, { ...edge2!, session: { up: true, synced: true } }),
      ['no router has all of session, telemetry and a GoBGP that answers'],
    ],
  ])('is 503 without %s', async (_, changes, missing) => {
    const { ask } = await serve(createFakeView(changes))
    const answer = await ask('/readyz')
    expect(answer.status).toBe(503)
    expect(answer.json()).toEqual({ error: { code: 'not_ready', message: missing.join('; ') }, missing })
  })
})

test('status tells version, mode, cycle, GoBGP and each router', async () => {
  const { ask } = await serve()
  expect((await ask('/api/v1/status')).json()).toEqual({
    version: '1.2.3',
    mode: 'active',
    interval_seconds: 1,
    time: '2030-01-02T03:04:05.000Z',
    last_cycle: { started: '2030-01-02T03:04:03.000Z', duration_seconds: 0.0125, mode: 'active' },
    gobgp: [
      {
        target: '127.0.0.1:50051',
        connected: true,
        version: '3.10.0',
        api_version: 'v3',
        last_error: null,
        leaks: [],
        doubts: ['the import default is accept'],
        lease: { state: 'held', owner: '00c0ffeefeedbeef', ours: true, duration_seconds: 60, age_seconds: 0.25 },
        watchdog: { seen: true, age_seconds: 0.5 },
      },
      {
        target: '127.0.0.1:50052',
        connected: false,
        version: null,
        api_version: null,
        last_error: 'refused',
        leaks: ['neighbor 192.0.2.9 is none of our routers'],
        doubts: [],
        lease: null,
        watchdog: { seen: false, age_seconds: null },
      },
    ],
    sflow: {
      received_by: 'threads',
      workers: 1,
      receive_buffer_bytes: 212_992,
      receive_buffer_remedy: 'sysctl -w net.core.rmem_max=4194304',
      datagrams: 1_000,
      flow_samples: 2_000,
      counter_samples: 30,
      malformed: 4,
      dropped: { kernel: 1, sequence: 2, agent: 3, unknown_agent: 4 },
      restarts: 5,
      folded_destinations: 6,
      evicted_destinations: 7,
      agents: [{ router: 'edge1', agent: '10.0.0.1', datagrams: 900, lost: 2, duplicates: 1, restarts: 5, dropped: 3, lost_samples: 14 }],
    },
    alarms: [
      {
        kind: 'session_down',
        router: 'edge2',
        interface: null,
        since: '2030-01-02T03:03:05.000Z',
        message: 'GoBGP has no BGP session with edge2',
      },
    ],
    routers: [
      {
        name: 'edge1',
        address: '10.0.0.1',
        gobgp: '127.0.0.1:50051',
        bgp_session: { up: true, synced: true },
        permission: { state: 'granted', why: null },
        set_aside: [
          {
            kind: 'without_effect',
            prefix: '198.51.9.0/24',
            from_interface: 'transit-a',
            to_interface: 'transit-b',
            until: '2030-01-02T03:34:05.000Z',
            why: 'it does nothing',
          },
        ],
        telemetry: {
          state: 'fresh',
          faults: [],
          age_seconds: 1.5,
          last_flow_sample: '2030-01-02T03:04:03.500Z',
          last_counter_sample: '2030-01-02T03:03:56.000Z',
          agents: [
            {
              agent: '10.0.0.1',
              age_seconds: 1.5,
              last_flow_sample: '2030-01-02T03:04:03.500Z',
              last_counter_sample: '2030-01-02T03:03:56.000Z',
            },
          ],
        },
      },
      {
        name: 'edge2',
        address: '10.0.0.1',
        gobgp: '127.0.0.1:50051',
        bgp_session: { up: false, synced: false },
        permission: { state: 'granted', why: null },
        set_aside: [],
        telemetry: {
          state: 'lost',
          faults: ['no samples yet'],
          age_seconds: null,
          last_flow_sample: null,
          last_counter_sample: null,
          agents: [],
        },
      },
    ],
  })
})

describe('interfaces', () => {
  test('tell load, shares, counters and state', async () => {
    const { ask } = await serve()
    const all = (await ask('/api/v1/interfaces')).json() as object[]
    expect(all).toHaveLength(4)
    expect(all[0]).toEqual({
      router: 'edge1',
      name: 'transit-a',
      ifindex: 1,
      speed_bps: 1e9,
      out_bps: 900e6,
      utilization: expect.closeTo(0.9, 6) as number,
      natural_bps: 950e6,
      planned_bps: 850e6,
      without_alternate_bps: 85e6,
      high_watermark: 0.8,
      low_watermark: 0.65,
      relief_target: 0.65,
      in_errors: 1,
      out_errors: 2,
      in_discards: 3,
      out_discards: 4,
      state: 'high',
    })
    expect(all[1]).toMatchObject({
      speed_bps: null, out_bps: null, utilization: null, natural_bps: null, without_alternate_bps: 0,
    })
  })

  test('of one router', async () => {
    const { ask } = await serve()
    expect((await ask('/api/v1/interfaces?router=edge2')).json()).toMatchObject([
      { router: 'edge2', name: 'transit-a' },
      { router: 'edge2', name: 'transit-b' },
    ])
  })

  test('are there before the first cycle, with what is measured', async () => {
    const { ask } = await serve(createFakeView({ report: () => undefined }))
    const [first] = (await ask('/api/v1/interfaces')).json() as object[]
    expect(first).toMatchObject({ out_bps: 900e6, natural_bps: null, without_alternate_bps: null, state: 'stale' })
  })
})

describe('prefixes', () => {
  const override = null
  const from = { router: 'edge1', interface: 'transit-a' }
  const moved = { router: 'edge1', interface: 'transit-b' }
  const top = [
    { ...from, prefix: '198.51.100.0/24', bps: 300e6, samples: 300, override, has_route: true, alternates: ['transit-b'] },
    { ...moved, prefix: '198.51.100.128/25', bps: 100e6, samples: 100, override: OVERRIDE_ID, has_route: true, alternates: ['transit-a'] },
    { ...from, prefix: '198.51.7.0/24', bps: 50e6, samples: 50, override: 'edge1-198.51.7.0-24', has_route: true, alternates: [] },
    { ...from, prefix: '198.51.0.0/16', bps: 20e6, samples: 20, override, has_route: true, alternates: [] },
    { ...from, prefix: '203.0.113.0/24', bps: 15e6, samples: 15, override, has_route: false, alternates: [] },
  ]

  test('are grouped by override, else by longest route, else by the default length', async () => {
    const { ask } = await serve()
    expect((await ask('/api/v1/prefixes')).json()).toEqual(top)
  })

  test('of one interface, and as many as asked for', async () => {
    const { ask } = await serve()
    expect((await ask('/api/v1/prefixes?interface=transit-b')).json()).toEqual([top[1]])
    expect((await ask('/api/v1/prefixes?router=edge1&limit=2')).json()).toEqual(top.slice(0, 2))
    expect((await ask('/api/v1/prefixes?router=edge2')).json()).toEqual([])
  })

  test('those that cannot be moved: without an alternate, or without any route', async () => {
    const { ask } = await serve()
    expect((await ask('/api/v1/prefixes?without=alternate')).json()).toEqual(top.slice(2))
    expect((await ask('/api/v1/prefixes?without=route')).json()).toEqual(top.slice(4))
    expect((await ask('/api/v1/prefixes?without=nothing')).status).toBe(400)
  })

  test('page by page, and those about a prefix', async () => {
    const { ask } = await serve()
    const pages = await Promise.all([0, 2, 4, 6].map((offset) => ask(`/api/v1/prefixes?limit=2&offset=${offset}`)))
    expect(pages.map((page) => page.json())).toEqual([top.slice(0, 2), top.slice(2, 4), top.slice(4), []])
    expect((await ask('/api/v1/prefixes?prefix=198.51.100.0/24')).json()).toEqual([top[0], top[1], top[3]])
  })

  test('are put together once a cycle, however often they are asked for', async () => {
    const fake = createFakeView()
    let looked = 0
    const routes: typeof fake.routes = {
      ...fake.routes,
      matches: (...of) => {
        looked++
        return fake.routes.matches(...of)
      },
    }
    const rows = fake.traffic('edge1').rates.rows
    let traffic = { ...fake.traffic('edge1'), rates: new Rates(rows) }
    const view = createFakeView({ routes, traffic: (router) => (router === 'edge1' ? traffic : fake.traffic(router)) })
    const { ask } = await serve(view)
    for (const query of ['', '?limit=1', '?interface=transit-b', '?prefix=10.0.0.0/8']) {
      expect((await ask(`/api/v1/prefixes${query}`)).status).toBe(200)
    }
    const once = looked
    expect(once).toBeGreaterThan(0)
    traffic = { ...traffic, rates: new Rates(rows) }
    expect((await ask('/api/v1/prefixes')).json()).toEqual(top)
    expect(looked).toBe(2 * once)
  })
})

describe('rates', () => {
  test('of a prefix and its halves', async () => {
    const { ask } = await serve()
    expect((await ask('/api/v1/rates?router=edge1&prefix=198.51.100.0/24')).json()).toEqual({
      router: 'edge1',
      interface: null,
      prefix: '198.51.100.0/24',
      bps: 400e6,
      samples: 400,
      halves: [
        { prefix: '198.51.100.0/25', bps: 300e6, samples: 300 },
        { prefix: '198.51.100.128/25', bps: 100e6, samples: 100 },
      ],
    })
  })

  test('on one interface', async () => {
    const { ask } = await serve()
    const answer = await ask('/api/v1/rates?router=edge1&interface=transit-b&prefix=0.0.0.0/0')
    expect(answer.json()).toMatchObject({ interface: 'transit-b', bps: 100e6, samples: 100 })
  })

  test('of an address, which has no halves', async () => {
    const { ask } = await serve()
    expect((await ask('/api/v1/rates?router=edge1&prefix=198.51.7.7')).json()).toMatchObject({
      prefix: '198.51.7.7/32',
      bps: 50e6,
      halves: [],
    })
    expect((await ask('/api/v1/rates?router=edge1&prefix=2001:db8::1')).json()).toMatchObject({
      prefix: '2001:db8::1/128',
      bps: 0,
    })
  })
})

describe('paths', () => {
  const best = {
    prefix: '198.51.100.0/24',
    next_hop: '192.0.2.2',
    interface: 'transit-a',
    local_pref: 100,
    as_path: '64501',
    origin: 'igp',
    med: null,
    communities: ['64501:7'],
    rpki: 'not_found',
    best: true,
    overridden: true,
  }
  const other = {
    ...best,
    next_hop: '192.0.2.4',
    interface: null,
    as_path: '64502 64501',
    med: 30,
    best: false,
    overridden: false,
  }

  test.each(['198.51.100.0/24', '198.51.100.200'])('of %s, best first', async (prefix) => {
    const { ask } = await serve()
    expect((await ask(`/api/v1/paths?router=edge1&prefix=${prefix}`)).json()).toEqual([best, other])
  })

  test.each([
    ['holds none of the prefix', 'router=edge1&prefix=198.51.100.1'],
    ['is on another router', 'router=edge2&prefix=198.51.100.0/24'],
    ['is only planned', 'router=edge1&prefix=198.51.7.1'],
  ])('are not overridden by what %s', async (_, query) => {
    const { ask } = await serve()
    const paths = (await ask(`/api/v1/paths?${query}`)).json() as { best: boolean; overridden: boolean }[]
    expect(paths.map(({ best }) => best)).toContain(true)
    expect(paths.map(({ overridden }) => overridden)).not.toContain(true)
  })

  test('are none where nothing was received', async () => {
    const { ask } = await serve()
    expect((await ask('/api/v1/paths?router=edge1&prefix=2001:db8::/32')).json()).toEqual([])
  })
})

describe('overrides', () => {
  test('tell what they move, whereto, since when and why', async () => {
    const { ask } = await serve()
    const all = (await ask('/api/v1/overrides')).json() as object[]
    expect(all).toMatchObject([{ id: OVERRIDE_ID }, { id: 'edge1-198.51.7.0-24', state: 'planned' }])
    expect(all[0]).toEqual({
      id: OVERRIDE_ID,
      router: 'edge1',
      prefix: '198.51.100.128/25',
      parent_prefix: '198.51.100.0/24',
      from_interface: 'transit-a',
      to_interface: 'transit-b',
      next_hop: '192.0.2.4',
      local_pref: 500,
      communities: ['64512:100', '65535:65281'],
      bps: 100e6,
      moved_share: 0.75,
      since: '2030-01-02T03:03:05.000Z',
      reason: 'transit-a is too full',
      pinned_until: null,
      state: 'installed',
    })
  })

  test.each([
    ['router=edge1', 2],
    ['router=edge2', 0],
    ['interface=transit-a', 2],
    ['router=edge1&interface=transit-b', 0],
    ['to_interface=transit-b', 2],
    ['to_interface=transit-a', 0],
    ['state=planned', 1],
    ['prefix=198.51.100.128', 1],
    ['prefix=198.51.0.0/16', 2],
    ['limit=1', 1],
    ['limit=1&offset=1', 1],
    ['offset=2', 0],
  ])('filtered by %s', async (query, count) => {
    const { ask } = await serve()
    expect((await ask(`/api/v1/overrides?${query}`)).json()).toHaveLength(count)
  })

  test('are none before the first cycle', async () => {
    const { ask } = await serve(createFakeView({ report: () => undefined }))
    expect((await ask('/api/v1/overrides')).json()).toEqual([])
  })
})

test('decisions tell what was decided on which figures', async () => {
  const { ask } = await serve()
  expect((await ask('/api/v1/decisions?router=edge1&limit=1')).json()).toEqual([
    {
      id: 1_893_553_441_000_000,
      at: '2030-01-02T03:04:01.000Z',
      router: 'edge1',
      kind: 'relieve',
      prefix: '198.51.100.128/25',
      from_interface: 'transit-a',
      to_interface: 'transit-b',
      bps: 100e6,
      reason: 'transit-a is above its high watermark',
      inputs: { planned_bps: 900e6, high_watermark: 0.8 },
      acted: true,
    },
  ])
  expect((await ask('/api/v1/decisions?router=edge2')).json()).toEqual([])
})

describe('explain', () => {
  test('tells where a prefix goes, why, and what would move it: in sentences and in figures', async () => {
    const { ask } = await serve()
    const answer = (await ask('/api/v1/explain?router=edge1&prefix=198.51.100.1')).json() as Record<string, unknown>
    expect(answer).toMatchObject({
      router: 'edge1',
      prefix: '198.51.100.1/32',
      received_prefix: '198.51.100.0/24',
      natural_exit: { interface: 'exit0', speed_bps: 100e6, high_bps: 80e6, overloaded: false },
      alternates: [{ interface: 'exit1', closed: null }],
    })
    expect(answer['goes']).toContainEqual(expect.stringContaining('198.51.100.1/32 belongs to the received prefix 198.51.100.0/24'))
  })

  test('is 503 before the first cycle, and 404 for a router that is none', async () => {
    const { ask } = await serve(createFakeView({ explain: () => undefined }))
    expect((await ask('/api/v1/explain?router=edge1&prefix=198.51.100.1')).status).toBe(503)
    expect((await ask('/api/v1/explain?router=nobody&prefix=198.51.100.1')).status).toBe(404)
    expect((await ask('/api/v1/explain?router=edge1')).status).toBe(400)
  })
})

test('until it is known what is in force, nobody is told that nothing is; probes, status and a kill switch do not wait', async () => {
  const known = Promise.withResolvers<void>()
  const cycles: (typeof REPORT)[] = []
  const { ask } = await serve(createFakeView({ report: () => cycles[0] }), { known: known.promise })
  const held = ['/api/v1/overrides', '/metrics'].map(async (path) => (await ask(path)).text)
  expect((await ask('/healthz')).status).toBe(200)
  expect((await ask('/readyz')).status).toBe(503)
  expect((await ask('/api/v1/status')).json()).toMatchObject({ last_cycle: null })
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
  expect((await ask('/api/v1/mode', { method: 'PUT', headers, body: '{"mode": "off"}' })).status).toBe(200)
  cycles.push(REPORT)
  known.resolve()
  const [overrides, metrics] = await Promise.all(held)
  expect(JSON.parse(overrides!)).toHaveLength(2)
  expect(metrics).toContain('spillway_overrides{router="edge1"')
})
