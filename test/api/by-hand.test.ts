import { describe, expect, test } from 'vitest'
import { formatPrefix } from '../../src/model/prefix.ts'
import type { PinAnswer } from '../../src/api/view.ts'
import { createFakeView, NOW_MS, OVERRIDE_ID } from './fake-view.ts'
import { serve, TOKEN, type Asking } from './served.ts'

const OVERRIDES = '/api/v1/overrides'
const ONE = `${OVERRIDES}/${OVERRIDE_ID}`
const bearer = { authorization: `Bearer ${TOKEN}` }
const WISH = { router: 'edge1', prefix: '198.51.100.128/25', to_interface: 'transit-b', ttl: '1h' }
const post = (body: object | string, headers: Record<string, string> = bearer): Asking => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const remove = (headers: Record<string, string> = bearer): Asking => ({ method: 'DELETE', headers })

describe('POST overrides', () => {
  test('pins, and gives the override that GET gives', async () => {
    const view = createFakeView()
    const { ask, lines } = await serve(view)
    const answer = await ask(OVERRIDES, post(WISH))
    expect(answer.status).toBe(201)
    expect(answer.json()).toEqual(((await ask(OVERRIDES)).json() as object[])[0])
    expect(view.pins.map(({ prefix, ...rest }) => ({ ...rest, prefix: formatPrefix(prefix) }))).toEqual([
      { router: 'edge1', prefix: WISH.prefix, toInterface: 'transit-b', ttlMs: 3_600_000, by: '127.0.0.1' },
    ])
    expect(lines).toMatchObject([{ remote: '127.0.0.1', answer: 'made', msg: 'a pin was asked for over REST' }])
  })

  test.each<[string, PinAnswer, number, object]>([
    ['a guard', { kind: 'refused', why: 'it is a bogon' }, 409, { error: { code: 'refused', message: 'it is a bogon' } }],
    ['a slow GoBGP', { kind: 'pending', id: 'x', why: 'slow' }, 202, { id: 'x', message: 'slow' }],
  ])('tells of %s', async (_, result, status, body) => {
    const { ask } = await serve(createFakeView({ pin: async () => result }))
    const answer = await ask(OVERRIDES, post(WISH))
    expect(answer).toMatchObject({ status })
    expect(answer.json()).toEqual(body)
  })

  test.each([
    ['no token', post(WISH, {}), 401, 'unauthorized', /token/],
    ['no TTL', post({ ...WISH, ttl: undefined }), 400, 'bad_body', /^ttl: /],
    ['no end', post({ ...WISH, ttl: '169h' }), 400, 'bad_body', /^ttl: must be from 10s to 168h$/],
    ['a TTL that is none', post({ ...WISH, ttl: '1 fortnight' }), 400, 'bad_body', /^ttl: "1 fortnight" is not a duration/],
    ['bits behind the length', post({ ...WISH, prefix: '198.51.100.1/24' }), 400, 'bad_body', /^prefix: .*did you mean/],
    ['a key too many', post({ ...WISH, force: true }), 400, 'bad_body', /^unknown key force; known here: router/],
    ['no object', post('[]'), 400, 'bad_body', /^send a JSON object/],
    ['another router', post({ ...WISH, router: 'edge9' }), 404, 'unknown_router', /edge9/],
    ['another interface', post({ ...WISH, to_interface: 'x' }), 404, 'unknown_interface', /"x"/],
  ])('with %s is refused', async (_, asking, status, code, message) => {
    const view = createFakeView()
    const { ask } = await serve(view)
    const answer = await ask(OVERRIDES, asking)
    expect(answer.status).toBe(status)
    expect(answer.json()).toEqual({ error: { code, message: expect.stringMatching(message) as string } })
    expect(view.pins).toEqual([])
  })
})

describe('DELETE overrides/{id}', () => {
  test.each([['', 1_800_000], ['?for=2h', 7_200_000]])('%s withdraws and keeps out', async (query, forMs) => {
    const view = createFakeView()
    const { ask, lines } = await serve(view)
    const answer = await ask(ONE + query, remove())
    expect(answer.status).toBe(200)
    expect(answer.json()).toEqual({ id: OVERRIDE_ID, state: 'withdrawn', until: new Date(NOW_MS + forMs).toISOString() })
    expect(view.withdrawals).toEqual([{ id: OVERRIDE_ID, forMs, by: '127.0.0.1' }])
    expect(lines).toMatchObject([{ id: OVERRIDE_ID, remote: '127.0.0.1', msg: 'an override was withdrawn over REST' }])
  })

  test('what GoBGP still holds is told with 202', async () => {
    const { ask } = await serve(createFakeView({ withdraw: async () => ({ kind: 'pending', untilMs: NOW_MS }) }))
    const answer = await ask(ONE, remove())
    expect(answer.status).toBe(202)
    expect(answer.json()).toMatchObject({ state: 'withdrawing' })
  })

  test("another's is refused", async () => {
    const { ask } = await serve(createFakeView({ withdraw: async () => ({ kind: 'refused', why: 'not ours' }) }))
    expect(await ask(ONE, remove())).toMatchObject({ status: 409 })
  })

  test.each([
    ['no token', ONE, remove({}), 401, 'unauthorized'],
    ['no such override', `${OVERRIDES}/edge1-9.9.9.0-24`, remove(), 404, 'unknown_override'],
    ['a bad duration', `${ONE}?for=3w`, remove(), 400, 'bad_parameter'],
    ['an unknown parameter', `${ONE}?force=1`, remove(), 400, 'bad_parameter'],
    ['a name that cannot be decoded', `${OVERRIDES}/%zz`, remove(), 400, 'bad_request'],
  ])('with %s is refused', async (_, path, asking, status, code) => {
    const view = createFakeView()
    const { ask } = await serve(view)
    const answer = await ask(path, asking)
    expect(answer.status).toBe(status)
    expect(answer.json()).toMatchObject({ error: { code } })
    expect(view.withdrawals).toEqual([])
  })
})
