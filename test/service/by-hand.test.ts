/** Overrides pinned and withdrawn by hand, over REST, with real gobgpd. One story in order. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Exit } from '../../src/simulator/edge.ts'
import type { Flow } from '../../src/simulator/flow.ts'
import { until } from '../simulator/until.ts'
import { MBPS, startLab, type Lab, type OverrideJson } from './lab.ts'
import { TOKEN } from './service-process.ts'

const exit = (name: string, i: number): Exit => ({
  name,
  ifIndex: 3 + i,
  speedBps: 100 * MBPS,
  nextHops: [`172.${16 + i}.0.1`],
  localPref: 200 - 100 * i,
  asPath: [33010 + i],
  prefixes: ['1.0.0.0/24', '2.0.0.0/24', '3.0.0.0/24', '4.0.0.0/24'],
})
const CALM: Flow[] = [10, 10, 10, 10].map((mbps, i) => ({ to: `${i + 1}.0.0.1`, bps: mbps * MBPS, packetBytes: 1000 }))
const PINNED = { router: 'edge1', prefix: '2.0.0.0/24', to_interface: 'transit', ttl: '1h' }
const ID = 'edge1-2.0.0.0-24'

let lab: Lab
beforeAll(async () => {
  lab = await startLab({ exits: [exit('peer', 0), exit('transit', 1)] })
  await lab.startService()
  lab.edge.setFlows(CALM)
}, 60_000)
afterAll(() => lab?.stop())

type Pinned = OverrideJson & { readonly pinned_until: string | null }
interface Asked {
  readonly status: number
  readonly body: Pinned & { readonly error?: { readonly code: string; readonly message: string } }
}

async function ask(method: string, path: string, body?: object): Promise<Asked> {
  const response = await fetch(lab.base + path, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  })
  return { status: response.status, body: (await response.json()) as Asked['body'] }
}
const pin = (wish: object = PINNED): Promise<Asked> => ask('POST', '/api/v1/overrides', wish)
const overrides = async (): Promise<readonly Pinned[]> => (await lab.get('/api/v1/overrides')) as Pinned[]
/** Pins as soon as the service knows enough to add anything. */
async function pinWhenSteady(wish: object = PINNED): Promise<Asked> {
  let answer: Asked | undefined
  await until('a pin is taken', async () => (answer = await pin(wish)).status !== 409, 60_000)
  return answer!
}

test('a pin is in force when POST answers: in GoBGP, in the list, and on the wire', async () => {
  const answer = await pinWhenSteady()
  expect(answer.status).toBe(201)
  expect(answer.body).toMatchObject({ id: ID, from_interface: 'peer', to_interface: 'transit', state: 'installed' })
  expect(answer.body.reason).toMatch(/^pinned by hand until \d{4}-.*Z, by 127\.0\.0\.1$/)
  expect(await lab.rib()).toEqual(['2.0.0.0/24'])
  expect(await overrides()).toMatchObject([{ id: ID, pinned_until: answer.body.pinned_until }])
  await until('the edge forwards by it', () => lab.edge.exitOf('2.0.0.1') === 'transit')
  const decisions: { kind: string; prefix: string; reason: string; acted: boolean }[] = await lab.get('/api/v1/decisions')
  expect(decisions.find(({ kind }) => kind === 'pin')).toMatchObject({
    prefix: '2.0.0.0/24', acted: true, reason: `2.0.0.0/24 moves to transit: ${answer.body.reason}`,
  })
}, 90_000)

test('guards refuse in words, and are on record', async () => {
  const bogon = await pin({ ...PINNED, prefix: '192.168.0.0/24' })
  expect(bogon.status).toBe(409)
  expect(bogon.body.error).toMatchObject({ code: 'refused' })
  expect(bogon.body.error!.message).toMatch(/^192\.168\.0\.0\/24 shares addresses with .*, which is a bogon$/)
  const nested = await pin({ ...PINNED, prefix: '2.0.0.0/25' })
  expect(nested.body.error!.message).toBe('overrides never nest, and 2.0.0.0/24 lies across 2.0.0.0/25')
  expect(await lab.rib()).toEqual(['2.0.0.0/24'])
})

test('it survives a reload, and SIGKILL', async () => {
  const [before] = await overrides()
  lab.configure({ min_hold: '4s' })
  lab.service.process.kill('SIGHUP')
  await until('it is read again', () => lab.service.output.includes('configuration read again'), 20_000)
  await until('REST answers', async () => (await overrides().catch(() => [])).length > 0)
  const told = ({ id, since, reason, pinned_until }: Pinned) => ({ id, since, reason, pinned_until })
  expect((await overrides()).map(told)).toEqual([told(before!)])

  // What it knows is written once a second.
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  lab.service.process.kill('SIGKILL')
  await lab.service.ended
  await lab.startService()
  await until('it is adopted', async () => (await overrides().catch(() => [])).length > 0, 20_000)
  expect((await overrides()).map(told)).toEqual([told(before!)])
  expect(lab.edge.exitOf('2.0.0.1')).toBe('transit')
}, 90_000)

test('DELETE withdraws it within a cycle, and says until when it stays out', async () => {
  const answer = await ask('DELETE', `/api/v1/overrides/${ID}?for=10m`)
  expect(answer).toMatchObject({ status: 200, body: { id: ID, state: 'withdrawn' } })
  expect(await lab.rib()).toEqual([])
  expect(await overrides()).toEqual([])
  const status: { routers: { set_aside: { kind: string; prefix: string; why: string }[] }[] } = await lab.get('/api/v1/status')
  expect(status.routers[0]!.set_aside).toMatchObject([{ kind: 'by_hand', prefix: '2.0.0.0/24' }])
  expect(status.routers[0]!.set_aside[0]!.why).toMatch(/^withdrawn by hand, to stay out until .*, by 127\.0\.0\.1$/)
  expect(await ask('DELETE', `/api/v1/overrides/${ID}`)).toMatchObject({ status: 404 })
})

test('its time ends it; frozen refuses, dry-run only plans', async () => {
  expect(await pinWhenSteady({ ...PINNED, ttl: '10s' })).toMatchObject({ status: 201 })
  expect(await lab.rib()).toEqual(['2.0.0.0/24'])
  await until('its time is over', async () => (await lab.rib()).length === 0, 30_000)
  expect(await overrides()).toEqual([])

  expect(await lab.setMode('frozen')).toBe(200)
  expect((await pin()).body.error!.message).toBe('the mode is frozen')
  expect(await lab.setMode('off')).toBe(200)
  expect((await pin()).body.error!.message).toBe('the mode is off')
  expect(await lab.setMode('dry_run')).toBe(200)
  expect(await pinWhenSteady()).toMatchObject({ status: 201, body: { state: 'planned' } })
  expect(await lab.rib()).toEqual([])
}, 120_000)
