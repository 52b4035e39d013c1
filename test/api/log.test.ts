import { expect, test } from 'vitest'
import { createFakeView } from './fake-view.ts'
import { serve, TOKEN } from './served.ts'

const json = { 'content-type': 'application/json' }
const put = (body: unknown, token = TOKEN) =>
  ({ method: 'PUT', headers: { ...json, authorization: `Bearer ${token}` }, body: JSON.stringify(body) }) as const

test('whoever has the token sets how much is logged, and that is logged', async () => {
  const view = createFakeView()
  const { ask, lines } = await serve(view)
  expect((await ask('/api/v1/log')).json()).toEqual({ level: 'info' })
  const answer = await ask('/api/v1/log', put({ level: 'debug' }))
  expect([answer.status, answer.json()]).toEqual([200, { level: 'debug' }])
  expect(view.levels).toEqual(['debug'])
  expect(lines).toMatchObject([{ msg: 'log level changed over REST', from: 'info', to: 'debug' }])
})

test.each([
  ['a wrong token', put({ level: 'debug' }, 'wrong'), 401],
  ['no level', put({}), 400],
  ['a level that is none', put({ level: 'loud' }), 400],
])('%s is refused', async (_, asking, status) => {
  const view = createFakeView()
  const { ask } = await serve(view)
  expect((await ask('/api/v1/log', asking)).status).toBe(status)
  expect(view.levels).toEqual([])
})
