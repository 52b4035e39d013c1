import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createApi } from '../../src/api/api.ts'
import { createLiveEvents } from '../../src/api/live-events.ts'
import { createMetrics } from '../../src/api/metrics/metrics.ts'
import { until } from '../simulator/until.ts'
import { openStream } from './event-stream.ts'
import { createFakeView, NOW_MS } from './fake-view.ts'
import { serve, TOKEN, type Asking } from './served.ts'

const V1 = '/api/v1'

describe('bad parameters are 400 and named', () => {
  test.each([
    ['/status?x=1', 'unknown parameter x; there are none here'],
    ['/interfaces?rooter=edge1', 'unknown parameter rooter; known here: router'],
    ['/interfaces?router=', 'parameter router: must not be empty'],
    ['/interfaces?router=edge1&router=edge2', 'parameter router: is given more than once'],
    ['/prefixes?limit=0', 'parameter limit: must be a whole number from 1 to 1000'],
    ['/prefixes?limit=1001', 'parameter limit: must be a whole number from 1 to 1000'],
    ['/prefixes?limit=1e2', 'parameter limit: must be a whole number from 1 to 1000'],
    ['/decisions?limit=-1', 'parameter limit: must be a whole number from 1 to 1000'],
    ['/rates?prefix=10.0.0.0/8', 'parameter router: is missing'],
    ['/rates?router=edge1', 'parameter prefix: is missing'],
    [
      '/rates?router=edge1&prefix=10.0.0.1/8',
      'parameter prefix: "10.0.0.1/8" has bits set behind its length; did you mean 10.0.0.0/8?',
    ],
    ['/paths?router=edge1&prefix=10.0.0', 'parameter prefix: "10.0.0" is not an IPv4 or IPv6 address'],
    ['/paths?router=edge1&prefix=10.0.0.0/33', 'parameter prefix: "10.0.0.0/33": the longest length is 32'],
    ['/overrides?limit=0', 'parameter limit: must be a whole number from 1 to 1000'],
    ['/overrides?offset=-1', 'parameter offset: must be a whole number from 0 to 999999'],
  ])('%s', async (path, message) => {
    const { ask } = await serve()
    const answer = await ask(V1 + path)
    expect(answer.status).toBe(400)
    expect(answer.json()).toEqual({ error: { code: 'bad_parameter', message } })
  })
})

describe('what is not there is 404', () => {
  test.each([
    ['/api/v1', 'not_found'],
    ['/api/v1/nothing', 'not_found'],
    ['/api/v1/Status', 'not_found'],
    ['/api/v1/status/', 'not_found'],
    ['/api/v1/interfaces?router=edge9', 'unknown_router'],
    ['/api/v1/prefixes?interface=transit-z', 'unknown_interface'],
    ['/api/v1/rates?router=edge1&interface=transit-z&prefix=10.0.0.0/8', 'unknown_interface'],
    ['/api/v1/paths?router=edge9&prefix=10.0.0.0/8', 'unknown_router'],
    ['/api/v1/overrides?router=edge1&interface=transit-z', 'unknown_interface'],
    ['/api/v1/decisions?router=edge9', 'unknown_router'],
  ])('%s', async (path, code) => {
    const { ask } = await serve()
    const answer = await ask(path)
    expect(answer.status).toBe(404)
    expect(answer.json()).toMatchObject({ error: { code } })
  })

  test('a path that cannot be decoded is 404 or 400, never 500', async () => {
    const { ask } = await serve()
    expect([400, 404]).toContain((await ask('/api/v1/%zz')).status)
  })
})

describe('another method is 405 and told which are allowed', () => {
  test.each([
    ['/healthz', 'GET, HEAD'],
    ['/readyz', 'GET, HEAD'],
    ['/metrics', 'GET, HEAD'],
    ['/api/v1/status', 'GET, HEAD'],
    ['/api/v1/interfaces', 'GET, HEAD'],
    ['/api/v1/prefixes', 'GET, HEAD'],
    ['/api/v1/rates', 'GET, HEAD'],
    ['/api/v1/paths', 'GET, HEAD'],
    ['/api/v1/overrides', 'GET, HEAD, POST'],
    ['/api/v1/overrides/x', 'DELETE'],
    ['/api/v1/decisions', 'GET, HEAD'],
    ['/api/v1/events', 'GET, HEAD'],
    ['/api/openapi.json', 'GET, HEAD'],
    ['/api/v1/mode', 'PUT'],
  ])('%s', async (path, allow) => {
    const { ask } = await serve()
    for (const method of ['PATCH', 'OPTIONS']) {
      const answer = await ask(path, { method })
      expect(answer.status).toBe(405)
      expect(answer.headers['allow']).toBe(allow)
      expect(answer.json()).toMatchObject({ error: { code: 'method_not_allowed' } })
    }
  })
})

describe('PUT mode', () => {
  const bearer = { authorization: `Bearer ${TOKEN}` }
  const json = 'application/json'
  const asJson = { 'content-type': json }
  const put = (body: string | undefined, headers: Record<string, string>): Asking => ({
    method: 'PUT',
    headers,
    ...(body === undefined ? {} : { body }),
  })
  const unsupported = 'unsupported_media_type'
  const good = '{"mode": "frozen"}'

  test('changes the mode and logs it once', async () => {
    const view = createFakeView()
    const { ask, lines } = await serve(view)
    const answer = await ask(`${V1}/mode`, put(good, { ...bearer, ...asJson }))
    expect(answer.status).toBe(200)
    expect(answer.json()).toEqual({ mode: 'frozen', applied: true, left: [] })
    expect(view.modes).toEqual(['frozen'])
    expect(lines).toMatchObject([
      { level: 30, from: 'active', to: 'frozen', remote: '127.0.0.1', msg: 'mode changed over REST' },
    ])
  })

  test('what is not done yet is told with 202', async () => {
    const left = [{ router: 'edge1', overrides: 3 }, { router: 'edge2', overrides: undefined }]
    const { ask } = await serve(createFakeView({ setMode: async () => ({ applied: false, left }) }))
    const answer = await ask(`${V1}/mode`, put(good, { ...bearer, ...asJson }))
    expect(answer.status).toBe(202)
    expect(answer.json()).toEqual({
      mode: 'active', applied: false, left: [{ router: 'edge1', overrides: 3 }, { router: 'edge2', overrides: null }],
    })
  })

  test.each([
    ['no token', 401, 'unauthorized', put(good, asJson)],
    ['a wrong token', 401, 'unauthorized', put(good, { ...asJson, authorization: 'Bearer wrong' })],
    ['a longer token', 401, 'unauthorized', put(good, { ...asJson, authorization: `Bearer ${TOKEN}x` })],
    ['another scheme', 401, 'unauthorized', put(good, { ...asJson, authorization: `Basic ${TOKEN}` })],
    ['no body', 400, 'bad_body', put(undefined, { ...bearer, ...asJson })],
    ['an unknown mode', 400, 'bad_body', put('{"mode": "on"}', { ...bearer, ...asJson })],
    ['a further key', 400, 'bad_body', put('{"mode": "off", "x": 1}', { ...bearer, ...asJson })],
    ['a list', 400, 'bad_body', put('["off"]', { ...bearer, ...asJson })],
    ['broken JSON', 400, 'bad_request', put('{"mode": ', { ...bearer, ...asJson })],
    ['plain text', 415, unsupported, put(good, { ...bearer, 'content-type': 'text/plain' })],
    ['another charset', 415, unsupported, put(good, { ...bearer, 'content-type': `${json};charset=x` })],
    ['another encoding', 415, unsupported, put(good, { ...bearer, ...asJson, 'content-encoding': 'x' })],
    ['a large body', 413, 'body_too_large', put(good + ' '.repeat(10_000), { ...bearer, ...asJson })],
  ])('with %s is %i', async (_, status, code, asking) => {
    const view = createFakeView()
    const { ask } = await serve(view)
    const answer = await ask(`${V1}/mode`, asking)
    expect(answer.status).toBe(status)
    expect(answer.json()).toMatchObject({ error: { code } })
    expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Bearer realm="spillway"' : undefined)
    expect(view.modes).toEqual([])
  })

  test('with an unknown parameter is 400', async () => {
    const view = createFakeView()
    const { ask } = await serve(view)
    expect((await ask(`${V1}/mode?mode=off`, put(good, { ...bearer, ...asJson }))).status).toBe(400)
    expect(view.modes).toEqual([])
  })

  test('is 403 when no token is configured, whatever is sent', async () => {
    const view = createFakeView()
    const { ask } = await serve(view, { token: undefined })
    for (const authorization of ['Bearer', 'Bearer undefined', `Bearer ${TOKEN}`]) {
      const answer = await ask(`${V1}/mode`, put(good, { ...asJson, authorization }))
      expect(answer.status).toBe(403)
      expect(answer.json()).toMatchObject({ error: { code: 'forbidden' } })
    }
    expect(view.modes).toEqual([])
  })
})

test('a failure of ours is 500 without details, and logged', async () => {
  const { ask, lines } = await serve(
    createFakeView({
      decisions: () => {
        throw new Error('the secret of /etc')
      },
    }),
  )
  const answer = await ask(`${V1}/decisions`)
  expect(answer.status).toBe(500)
  expect(answer.json()).toMatchObject({ error: { code: 'internal' } })
  expect(answer.text).not.toMatch(/secret|at .*\.ts/)
  expect(lines).toMatchObject([{ level: 50, err: { message: 'the secret of /etc' }, msg: 'request failed' }])
})

describe('a service on loopback answers for loopback only', () => {
  const names = ['localhost', 'localhost:8080', '127.0.0.1', '127.1.2.3:1', '[::1]:8080', 'LOCALHOST']
  test.each(names)('%s: yes', async (host) => {
    const { ask } = await serve()
    expect((await ask('/healthz', { headers: { host } })).status).toBe(200)
  })

  const others = [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost@evil.example',
    '192.0.2.1',
    '[2001:db8::1]',
    'a b',
  ]
  test.each(others)('%s: no', async (host) => {
    const { ask } = await serve()
    for (const path of ['/healthz', '/metrics', `${V1}/status`, `${V1}/mode`]) {
      const answer = await ask(path, { headers: { host }, method: path.endsWith('mode') ? 'PUT' : 'GET' })
      expect(answer.status).toBe(421)
      expect(answer.json()).toMatchObject({ error: { code: 'misdirected' } })
    }
  })

  test.each(['GET /healthz HTTP/1.0\r\n\r\n', 'GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'])(
    'no name: no',
    async (request) => {
      const { api } = await serve()
      const socket = connect(api.port, '127.0.0.1').end(request)
      expect((await text(socket)).split('\r\n')[0]).toBe('HTTP/1.1 421 Misdirected Request')
    },
  )

  test('one that listens on all addresses answers for any name', async () => {
    const { ask } = await serve(createFakeView(), { host: '0.0.0.0' })
    expect((await ask('/healthz', { headers: { host: 'spillway.example.net' } })).status).toBe(200)
  })
})

test('every answer forbids guessing, embedding and caching, and names no origin or software', async () => {
  const { ask } = await serve()
  for (const path of ['/healthz', '/metrics', `${V1}/status`, '/nothing']) {
    const { headers } = await ask(path, { headers: { origin: 'http://evil.example' } })
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    const unwanted = /^(x-powered-by|server|etag|access-control-.*)$/
    expect(Object.keys(headers).filter((name) => unwanted.test(name))).toEqual([])
  }
})

describe('the server', () => {
  test('says what to do when it cannot listen', async () => {
    const { api } = await serve()
    const view = createFakeView()
    const logger = pino({ level: 'silent' })
    const second = createApi({
      listen: { host: '127.0.0.1', port: api.port },
      token: undefined,
      known: Promise.resolve(),
      view,
      metrics: createMetrics(view),
      events: createLiveEvents(view, () => NOW_MS, logger),
      logger,
      clock: () => NOW_MS,
    })
    await expect(second.start()).rejects.toThrow(`port ${api.port} (EADDRINUSE): change api.listen`)
    await second.stop()
  })

  test('stops with connections open', async () => {
    const { api } = await serve()
    const socket = connect(api.port, '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => undefined)
    await Promise.all([api.stop(), closed])
    expect(() => api.port).toThrow('does not listen')
  })

  test('400 connections that say nothing keep nobody out, and end no stream', async () => {
    const { api, ask } = await serve()
    const stream = await openStream(api.port)
    const silent = await Promise.all(
      Array.from({ length: 400 }, async () => {
        const socket = connect(api.port, '127.0.0.1').on('error', () => undefined)
        await new Promise((resolve) => socket.once('connect', resolve))
        return socket
      }),
    )
    onTestFinished(() => silent.forEach((socket) => socket.destroy()))
    const beganMs = performance.now()
    expect(await Promise.all(Array.from({ length: 20 }, async () => (await ask('/healthz')).status))).toEqual(
      Array.from({ length: 20 }, () => 200),
    )
    // They would be given up after 10 s.
    expect(performance.now() - beganMs).toBeLessThan(5_000)
    expect(stream.response.destroyed).toBe(false)
  })

  test('whoever takes no answers keeps nobody else out', async () => {
    let asked = 0
    const neverAnswered = (): Promise<never> => {
      asked += 1
      return new Promise(() => undefined)
    }
    const { api, ask } = await serve(createFakeView({ history: neverAnswered }))
    const stream = await openStream(api.port)
    const slow = Array.from({ length: 300 }, () => {
      const socket = connect({ port: api.port, host: '127.0.0.1', localAddress: '127.0.0.2' }).on('error', () => undefined)
      socket.write(`GET ${V1}/history/alarms HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      return socket
    })
    onTestFinished(() => slow.forEach((socket) => socket.destroy()))
    await until('all places are taken', () => asked >= 255)
    expect((await ask('/healthz')).status).toBe(200)
    expect(stream.response.destroyed).toBe(false)
  })

  test('answers HEAD without a body', async () => {
    const { ask } = await serve()
    expect(await ask(`${V1}/status`, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
  })
})
