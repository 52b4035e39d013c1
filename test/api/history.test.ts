/** What was, over REST. */
import { describe, expect, test } from 'vitest'
import { ApiError } from '../../src/api/api-error.ts'
import { createFakeView, HISTORY, NOW_MS } from './fake-view.ts'
import { serve } from './served.ts'

/** Answers as the view does, and keeps what was asked. */
async function serveHistory() {
  const asked: unknown[] = []
  const view = createFakeView({
    history: async (question, query) => {
      asked.push(query)
      return HISTORY[question]
    },
    decisions: async (query) => {
      asked.push(query)
      return []
    },
  })
  return { ...(await serve(view)), asked }
}

describe('trends', () => {
  test('are columns of equal length, in the order of the configuration', async () => {
    const { ask } = await serveHistory()
    const one = (name: string) => ({
      router: 'edge1',
      name,
      times: ['2030-01-02T03:02:05.000Z', '2030-01-02T03:03:05.000Z'],
      out_bps: [900e6, null],
      natural_bps: [950e6, null],
      planned_bps: [850e6, null],
      out_max_bps: [950e6, null],
      natural_max_bps: [990e6, null],
    })
    expect((await ask('/api/v1/history/interfaces')).json()).toEqual({
      step_seconds: 60,
      interfaces: [one('transit-a'), one('transit-b')],
    })
  })

  test('are of the last 6 hours, or of whatever is asked for', async () => {
    const { ask, asked } = await serveHistory()
    await ask('/api/v1/history/interfaces')
    await ask('/api/v1/history/interfaces?router=edge1&interface=transit-a&from=2030-01-01T00:00:00Z&to=2030-01-01T02:00:00%2B01:00&points=20')
    expect(asked).toEqual([
      { fromMs: NOW_MS - 6 * 3_600_000, toMs: NOW_MS, router: undefined, interface: undefined, points: 360 },
      { fromMs: Date.UTC(2030, 0, 1), toMs: Date.UTC(2030, 0, 1, 1), router: 'edge1', interface: 'transit-a', points: 20 },
    ])
  })

  test.each([
    ['from=yesterday', 'parameter from: must be an ISO 8601 time, such as 2030-01-02T03:04:05Z'],
    ['from=2030-01-01T00:00:00Z&to=2030-01-01T00:00:00Z', 'parameter from: must be before to'],
    ['points=2001', 'parameter points: must be a whole number from 1 to 2000'],
    ['points=0', 'parameter points: must be a whole number from 1 to 2000'],
  ])('%s is refused', async (query, message) => {
    const { ask } = await serveHistory()
    const answer = await ask(`/api/v1/history/interfaces?${query}`)
    expect([answer.status, answer.json()]).toEqual([400, { error: { code: 'bad_parameter', message } }])
  })

  test('of a name that never was are not found', async () => {
    const loads = { ...HISTORY.loads, interfaces: [] }
    const { ask } = await serve(createFakeView({ history: async () => loads }))
    expect((await ask('/api/v1/history/interfaces?interface=nowhere')).status).toBe(404)
    expect((await ask('/api/v1/history/interfaces?interface=transit-a')).json()).toEqual({ step_seconds: 60, interfaces: [] })
  })
})

test('past overrides and alarms tell from when until when, and why', async () => {
  const { ask } = await serveHistory()
  expect((await ask('/api/v1/history/overrides')).json()).toMatchObject([
    {
      entry: 7, prefix: '198.51.100.128/25', from_interface: 'transit-a', to_interface: 'transit-b',
      added: '2030-01-02T03:03:05.000Z', added_reason: 'transit-a is too full', added_bps: 100e6,
      withdrawn: '2030-01-02T03:04:04.000Z', withdrawn_reason: 'transit-a has room again', withdrawn_bps: 50e6,
    },
  ])
  expect((await ask('/api/v1/history/alarms')).json()).toEqual([
    {
      entry: 3, kind: 'session_down', router: 'edge2', interface: null, message: 'GoBGP has no BGP session with edge2',
      begun: '2030-01-02T03:03:05.000Z', ended: null,
    },
  ])
  expect((await ask('/api/v1/history/modes')).json()).toEqual([{ at: '2030-01-02T03:03:05.000Z', mode: 'active' }])
})

test('filters and pages are handed on', async () => {
  const { ask, asked } = await serveHistory()
  await ask('/api/v1/history/overrides?router=gone&prefix=198.51.100.7&interface=old&from=2030-01-01T00:00:00Z&before=7&limit=5')
  await ask('/api/v1/decisions?prefix=2001:db8::/32&kind=release&before=1893553441000000')
  expect(asked).toEqual([
    {
      router: 'gone', prefix: '198.51.100.7/32', interface: 'old', fromMs: Date.UTC(2030, 0, 1), toMs: undefined, before: 7, limit: 5,
    },
    {
      router: undefined, prefix: '2001:db8::/32', kind: 'release', fromMs: undefined, toMs: undefined,
      before: 1_893_553_441_000_000, limit: 100,
    },
  ])
})

test('without a history the answer is 503 with the reason, and nothing goes into the log', async () => {
  const history = () => Promise.reject(new ApiError(503, 'history_unavailable', 'there is no history: history.enabled is false'))
  const { ask, lines } = await serve(createFakeView({ history }))
  for (const path of ['interfaces', 'overrides', 'alarms', 'modes']) {
    const answer = await ask(`/api/v1/history/${path}`)
    expect([answer.status, answer.json()]).toMatchObject([503, { error: { code: 'history_unavailable' } }])
  }
  expect(lines).toEqual([])
})
