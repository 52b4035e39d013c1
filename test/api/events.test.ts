import { connect } from 'node:net'
import { expect, test } from 'vitest'
import type { CycleReport, OverrideReport } from '../../src/controller/report.ts'
import type { Alarm } from '../../src/model/alarm.ts'
import { MAX_STREAMS } from '../../src/api/live-events.ts'
import { createConformance, type OpenapiDocument } from './conformance.ts'
import { openStream } from './event-stream.ts'
import { createFakeView, DECISION, NOW_MS, OVERRIDE_ID, REPORT } from './fake-view.ts'
import { serve } from './served.ts'

const WITHIN = { timeout: 10_000 }
const NOTHING_NEW = { begun: [], ended: [] }

/** The report with other overrides of edge1. */
function withOverrides(overrides: readonly OverrideReport[]): CycleReport {
  return { ...REPORT, routers: REPORT.routers.map((r) => (r.name === 'edge1' ? { ...r, overrides } : r)) }
}

/** A service whose last cycle and time a test sets. */
async function serveLive() {
  const state: { report: CycleReport | undefined; nowMs: number } = { report: undefined, nowMs: NOW_MS }
  const alarms: readonly Alarm[] = createFakeView().alarms()
  const served = await serve(createFakeView({ report: () => state.report }), { clock: () => state.nowMs })
  return { ...served, state, alarms }
}

test('a stream begins with when to come back and the last cycle, whose interfaces are those of GET', async () => {
  const { api, ask, state } = await serveLive()
  state.report = REPORT
  const { response, events, text } = await openStream(api.port)
  await expect.poll(() => events.length, WITHIN).toBe(1)
  expect(response.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
  })
  expect(text()).toMatch(/^retry: 1000\n\nid: /)
  expect(events[0]).toMatchObject({
    event: 'cycle',
    data: {
      at: '2030-01-02T03:04:03.000Z',
      duration_seconds: 0.0125,
      mode: 'active',
      interfaces: (await ask('/api/v1/interfaces')).json(),
      overrides: 0,
      alarms: 1,
    },
  })
})

test('overrides, decisions and alarms are told as GET gives them, and as openapi.json says', async () => {
  const { api, ask, events: live, state, alarms } = await serveLive()
  const { events } = await openStream(api.port)
  live.noteDecisions([DECISION])
  state.report = REPORT
  live.publish({ begun: alarms, ended: [] })
  await expect.poll(() => events.length, WITHIN).toBe(5)
  const [shown, planned] = (await ask('/api/v1/overrides')).json() as object[]
  const [decision] = (await ask('/api/v1/decisions')).json() as object[]
  const [alarm] = ((await ask('/api/v1/status')).json() as { alarms: object[] }).alarms
  expect(events.map(({ event, data }) => ({ event, data }))).toEqual([
    { event: 'decision', data: decision },
    { event: 'override_added', data: shown },
    { event: 'override_added', data: planned },
    { event: 'alarm', data: { ...alarm, state: 'begun' } },
    { event: 'cycle', data: expect.objectContaining({ overrides: 2, alarms: 1 }) },
  ])

  const [installed, dry] = REPORT.routers[0]!.overrides
  state.nowMs += 1_000
  state.report = withOverrides([{ ...dry!, state: 'installed' }])
  live.publish({ begun: [], ended: alarms })
  await expect.poll(() => events.length, WITHIN).toBe(9)
  expect(events.slice(5)).toMatchObject([
    { event: 'override_withdrawn', data: { id: OVERRIDE_ID } },
    { event: 'override_added', data: { id: 'edge1-198.51.7.0-24', state: 'installed' } },
    { event: 'alarm', data: { ...alarm, state: 'ended' } },
    { event: 'cycle', data: { overrides: 1 } },
  ])
  expect(installed!.id).toBe(OVERRIDE_ID)
  expect(new Set(events.map(({ id }) => id)).size).toBe(9)

  const document = (await ask('/api/openapi.json')).json() as OpenapiDocument
  const conformance = createConformance(document)
  for (const { event, data } of events) {
    const answer = { status: 200, type: 'text/event-stream', body: { event, data } }
    expect(conformance(document.paths['/api/v1/events']!['get']!, answer)).toBe(undefined)
  }
})

test('what does not change is told once', async () => {
  const { api, events: live, state } = await serveLive()
  const { events } = await openStream(api.port)
  state.report = REPORT
  for (let i = 0; i < 3; i++) {
    live.publish(NOTHING_NEW)
    state.nowMs += 1_000
  }
  await expect.poll(() => events.length, WITHIN).toBe(5)
  expect(events.map(({ event }) => event)).toEqual(['override_added', 'override_added', 'cycle', 'cycle', 'cycle'])
})

test('of one router only its own, and what is nobody\'s', async () => {
  const { api, ask, events: live, state, alarms } = await serveLive()
  const { events } = await openStream(api.port, '/api/v1/events?router=edge2')
  live.noteDecisions([DECISION])
  state.report = REPORT
  const ofAll: Alarm = { ...alarms[0]!, kind: 'mode_file', router: undefined }
  const ofEdge1: Alarm = { ...alarms[0]!, router: 'edge1' }
  live.publish({ begun: [...alarms, ofAll, ofEdge1], ended: [] })
  await expect.poll(() => events.length, WITHIN).toBe(3)
  expect(events).toMatchObject([
    { event: 'alarm', data: { router: 'edge2' } },
    { event: 'alarm', data: { router: null } },
    { event: 'cycle', data: { overrides: 0, interfaces: [{ router: 'edge2' }, { router: 'edge2' }] } },
  ])
  expect((await ask('/api/v1/events?router=edge9')).json()).toMatchObject({ error: { code: 'unknown_router' } })
})

test('cycles are told once a second at most, the last one always', async () => {
  const { api, events: live } = await serve(createFakeView(), { clock: Date.now })
  const { events } = await openStream(api.port)
  const cycles = () => events.filter(({ event }) => event === 'cycle').length
  await expect.poll(cycles, WITHIN).toBe(1)
  const startMs = Date.now()
  for (let i = 0; i < 10; i++) live.publish(NOTHING_NEW)
  await expect.poll(cycles, WITHIN).toBe(3)
  expect(Date.now() - startMs).toBeGreaterThan(900)
})

test('a reader that does not read is dropped, and holds up nobody else', async () => {
  const { api, events: live, state, lines } = await serveLive()
  state.report = REPORT
  const stuck = connect(api.port, '127.0.0.1')
  const gone = new Promise((resolve) => stuck.once('close', resolve))
  stuck.on('error', () => undefined)
  stuck.write('GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  await new Promise((resolve) => stuck.once('readable', resolve))
  const { events } = await openStream(api.port)
  // In all more than the kernel takes for it.
  const many = Array.from({ length: 3_000 }, () => DECISION)
  let told = 0
  for (; told < 100 && lines.length === 0; told++) {
    live.noteDecisions(many)
    live.publish(NOTHING_NEW)
    state.nowMs += 1_000
    const soFar = (told + 1) * many.length
    await expect.poll(() => events.filter(({ event }) => event === 'decision').length, WITHIN).toBe(soFar)
  }
  expect(lines).toMatchObject([{ level: 40, msg: 'a reader of events does not read: dropped' }])
  stuck.resume()
  await gone
  expect(events.filter(({ event }) => event === 'decision')).toHaveLength(told * many.length)
}, 60_000)

test('there are so many streams and no more; one that leaves makes room', async () => {
  const { api, ask } = await serve()
  const streams = await Promise.all(Array.from({ length: MAX_STREAMS }, () => openStream(api.port)))
  const refused = await ask('/api/v1/events')
  expect(refused).toMatchObject({ status: 503, headers: { 'content-type': 'application/json; charset=utf-8' } })
  expect(refused.json()).toMatchObject({ error: { code: 'too_many_streams' } })
  streams[0]!.close()
  await expect.poll(async () => (await openStream(api.port)).response.statusCode, WITHIN).toBe(200)
})

test('streams end in order when the API stops', async () => {
  const { api } = await serve()
  const stream = await openStream(api.port)
  await api.stop()
  expect(await stream.ended).toBe('complete')
})

test('HEAD is answered and over', async () => {
  const { ask } = await serve()
  const answer = await ask('/api/v1/events', { method: 'HEAD' })
  expect(answer).toMatchObject({ status: 200, text: '', headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
})
