import { describe, expect, test } from 'vitest'
import type { TelemetryState } from '../../src/controller/report.ts'
import { createFakeView, GOBGP_DOWN, OVERRIDE_ID, REPORT } from './fake-view.ts'
import { serve } from './served.ts'

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
    ['the first plan', { report: () => undefined }, ['the first plan is not made yet']],
    ['a session', withRouters({ ...edge1!, session: down }), [noSession]],
    ['routes', withRouters({ ...edge1!, session: { up: true, synced: false } }), [noSession]],
    ['telemetry', withRouters({ ...edge1!, telemetryState: 'stale' }), ['no router sends telemetry']],
    ['any telemetry ever', withRouters({ ...edge1!, ...neverHeard }), ['no router sends telemetry']],
    [
      'both on one router',
      withRouters({ ...edge1!, session: down }, { ...edge2!, session: { up: true, synced: true } }),
      ['no router has both of session and telemetry'],
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
    time: '2030-01-02T03:04:05.000Z',
    last_cycle: { started: '2030-01-02T03:04:03.000Z', duration_seconds: 0.0125, mode: 'active' },
    gobgp: [
      { target: '127.0.0.1:50051', connected: true, version: '3.10.0', api_version: 'v3', last_error: null },
      {
        target: '127.0.0.1:50052',
        connected: false,
        version: null,
        api_version: null,
        last_error: 'refused',
      },
    ],
    routers: [
      {
        name: 'edge1',
        address: '10.0.0.1',
        gobgp: '127.0.0.1:50051',
        bgp_session: { up: true, synced: true },
        telemetry: {
          state: 'fresh',
          age_seconds: 1.5,
          last_flow_sample: '2030-01-02T03:04:03.500Z',
          last_counter_sample: '2030-01-02T03:03:56.000Z',
        },
      },
      {
        name: 'edge2',
        address: '10.0.0.1',
        gobgp: '127.0.0.1:50051',
        bgp_session: { up: false, synced: false },
        telemetry: { state: 'lost', age_seconds: null, last_flow_sample: null, last_counter_sample: null },
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
      high_watermark: 0.8,
      low_watermark: 0.65,
      relief_target: 0.65,
      in_errors: 1,
      out_errors: 2,
      in_discards: 3,
      out_discards: 4,
      state: 'high',
    })
    expect(all[1]).toMatchObject({ speed_bps: null, out_bps: null, utilization: null, natural_bps: null })
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
    expect(first).toMatchObject({ out_bps: 900e6, natural_bps: null, planned_bps: null, state: 'stale' })
  })
})

describe('prefixes', () => {
  const override = null
  const from = { router: 'edge1', interface: 'transit-a' }
  const moved = { router: 'edge1', interface: 'transit-b' }
  const top = [
    { ...from, prefix: '198.51.100.0/24', bps: 300e6, samples: 300, override },
    { ...moved, prefix: '198.51.100.128/25', bps: 100e6, samples: 100, override: OVERRIDE_ID },
    { ...from, prefix: '198.51.7.0/24', bps: 50e6, samples: 50, override: 'edge1-198.51.7.0-24' },
    { ...from, prefix: '198.51.0.0/16', bps: 20e6, samples: 20, override },
    { ...from, prefix: '203.0.113.0/24', bps: 15e6, samples: 15, override },
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
      since: '2030-01-02T03:03:05.000Z',
      reason: 'transit-a is too full',
      state: 'installed',
    })
  })

  test.each([
    ['router=edge1', 2],
    ['router=edge2', 0],
    ['interface=transit-a', 2],
    ['router=edge1&interface=transit-b', 0],
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
