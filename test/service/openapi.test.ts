/** Every route of openapi.json, asked of a running service: what it answers is what the document says. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Exit } from '../../src/simulator/edge.ts'
import { createConformance, type Conformance, type OpenapiDocument, type Operation } from '../api/conformance.ts'
import { openStream } from '../api/event-stream.ts'
import { until } from '../simulator/until.ts'
import { MBPS, startLab, type Lab } from './lab.ts'
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
const PIN = { router: 'edge1', prefix: '4.0.0.0/24', to_interface: 'transit', ttl: '1h' }

/** Values for parameters by name; those that the document enumerates are taken from there. */
const EXAMPLES: Readonly<Record<string, string>> = {
  router: 'edge1', interface: 'peer', to_interface: 'transit', prefix: '1.0.0.0/24', limit: '5', offset: '0',
  points: '60', for: '10m', id: 'edge1-4.0.0.0-24', before: '9000000000000000',
  from: new Date(Date.now() - 3_600_000).toISOString(), to: new Date(Date.now() + 3_600_000).toISOString(),
}

/** Bodies by operation. */
const BODIES: Readonly<Record<string, object>> = {
  putMode: { mode: 'active' }, putLog: { level: 'info' }, postOverrides: PIN,
}

/** The fields that scripts rely on, by route. */
const FIELDS: Readonly<Record<string, string>> = {
  '/api/v1/status': 'version mode last_cycle gobgp routers',
  '/api/v1/interfaces':
    'router name ifindex speed_bps out_bps utilization natural_bps planned_bps high_watermark low_watermark ' +
    'in_errors out_errors in_discards out_discards state',
  '/api/v1/prefixes': 'router interface prefix bps samples override',
  '/api/v1/rates': 'router interface prefix bps samples halves',
  '/api/v1/paths':
    'prefix next_hop interface local_pref as_path origin med communities best overridden',
  '/api/v1/overrides':
    'id router prefix parent_prefix from_interface to_interface next_hop local_pref communities bps since reason ' +
    'state',
  '/api/v1/decisions': 'at router kind reason',
}

interface Asked {
  readonly status: number
  readonly type: string
  readonly body: unknown
}

let lab: Lab
let document: OpenapiDocument
let conformance: Conformance
let operations: readonly { readonly path: string; readonly method: string; readonly operation: Operation }[]
beforeAll(async () => {
  lab = await startLab({ exits: [exit('peer', 0), exit('transit', 1)] })
  await lab.startService()
  lab.edge.setFlows([25, 25, 35, 5].map((mbps, i) => ({ to: `${i + 1}.0.0.1`, bps: mbps * MBPS, packetBytes: 1000 })))
  document = (await ask('GET', '/api/openapi.json')).body as OpenapiDocument
  conformance = createConformance(document)
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  // So that no list is empty.
  await until('it is relieved', async () => (await lab.overrides().catch(() => [])).some(({ state }) => state === 'installed'), 60_000)
}, 120_000)
afterAll(() => lab?.stop())

async function ask(method: string, path: string, { token = true, body }: { token?: boolean; body?: string } = {}): Promise<Asked> {
  const response = await fetch(lab.base + path, {
    method: method.toUpperCase(),
    headers: {
      ...(token ? { authorization: `Bearer ${TOKEN}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(10_000),
  })
  const type = response.headers.get('content-type') ?? ''
  return { status: response.status, type, body: type.startsWith('application/json') ? await response.json() : await response.text() }
}

/** The path with what it takes in braces, and with a query of the parameters that it needs, or of all. */
function fill(path: string, operation: Operation, which: 'needed' | 'all'): string {
  const parameters = operation.parameters ?? []
  const query = parameters
    .filter((one) => one.in === 'query' && (which === 'all' || one.required === true))
    .map(({ name, schema }) => {
      const value = EXAMPLES[name] ?? schema?.enum?.[0]
      if (value === undefined) throw new Error(`no example for ${name} of ${path}`)
      return `${name}=${encodeURIComponent(value)}`
    })
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(EXAMPLES[name]!))
  return query.length === 0 ? filled : `${filled}?${query.join('&')}`
}

const goesOn = ({ responses }: Operation): boolean => 'text/event-stream' in (responses['200']?.content ?? {})

/** In the order in which they can succeed: what is pinned can be withdrawn. */
const RANK = ['get', 'put', 'post', 'delete']

test('every operation succeeds, and answers as the document says', async () => {
  const sorted = operations.toSorted((a, b) => RANK.indexOf(a.method) - RANK.indexOf(b.method))
  const seen: string[] = []
  for (const { path, method, operation } of sorted.filter((one) => !goesOn(one.operation))) {
    for (const which of method === 'get' ? (['needed', 'all'] as const) : (['needed'] as const)) {
      const what = `${method} ${fill(path, operation, which)}`
      const body = BODIES[operation.operationId]
      let answer: Asked | undefined
      // A service that has just started refuses a pin for a moment, and a plan may be under way.
      await until(`${what} succeeds`, async () => {
        answer = await ask(method, fill(path, operation, which), body && { body: JSON.stringify(body) })
        expect({ what, fault: conformance(operation, answer) }).toEqual({ what, fault: undefined })
        return answer.status < 300
      }, 30_000).catch((error: unknown) => {
        throw new Error(`${what}: ${answer?.status} ${JSON.stringify(answer?.body)}`, { cause: error })
      })
      seen.push(what)
    }
  }
  expect(seen.length).toBeGreaterThan(15)
}, 120_000)

test('lists are not empty, or their schemas would hold nothing', async () => {
  for (const path of ['interfaces', 'prefixes', 'overrides', 'decisions', 'paths?router=edge1&prefix=1.0.0.0/24']) {
    expect({ path, length: ((await ask('GET', `/api/v1/${path}`)).body as unknown[]).length }).not.toEqual({ path, length: 0 })
  }
})

test('each event is as the document says', async () => {
  const stream = await openStream(Number(new URL(lab.base).port))
  const kinds = (): Set<string> => new Set(stream.events.map(({ event }) => event))
  await ask('DELETE', '/api/v1/overrides/edge1-4.0.0.0-24')
  await until('a pin is made', async () => (await ask('POST', '/api/v1/overrides', { body: JSON.stringify(PIN) })).status === 201, 30_000)
  await ask('DELETE', '/api/v1/overrides/edge1-4.0.0.0-24')
  // An alarm begins when the router's session goes.
  process.kill(lab.edgeGobgp.pid, 'SIGKILL')
  await until('all of them have come', () =>
    ['cycle', 'override_added', 'override_withdrawn', 'decision', 'alarm'].every((kind) => kinds().has(kind)), 60_000)
  const { operation } = operations.find((one) => goesOn(one.operation))!
  for (const { event, data } of stream.events) {
    const fault = conformance(operation, { status: 200, type: 'text/event-stream', body: { event, data } })
    expect({ event, fault }).toEqual({ event, fault: undefined })
  }
}, 120_000)

describe('errors are told the same way everywhere', () => {
  const isError = { error: { code: expect.stringMatching(/^[a-z_]+$/) as string, message: expect.any(String) as string } }

  test('an unknown parameter, a missing token, another method, a broken body', async () => {
    for (const { path, method, operation } of operations) {
      const at = fill(path, operation, 'needed')
      const asked: Promise<Asked>[] = [ask('PATCH', at)]
      if (path.startsWith('/api/v1/')) {
        asked.push(ask(method, `${at}${at.includes('?') ? '&' : '?'}surely_unknown=1`, method === 'get' ? {} : { body: '{}' }))
      }
      if (operation.security !== undefined) {
        asked.push(ask(method, at, { token: false }))
        if (method !== 'delete') asked.push(ask(method, at, { body: '{' }), ask(method, at, { body: '{"surely_unknown": 1}' }))
      }
      for (const answer of await Promise.all(asked)) {
        expect(answer.status).toBeGreaterThanOrEqual(400)
        expect(answer.status).toBeLessThan(500)
        expect({ at, body: answer.body }).toMatchObject({ at, body: isError })
      }
    }
  })

  test('what is not there', async () => {
    for (const path of ['/api', '/api/v1', '/api/v1/surely_unknown', '/api/v1/overrides/x/y']) {
      expect(await ask('GET', path)).toMatchObject({ status: 404, body: isError })
    }
  })
})

test('the fields that scripts rely on are all documented, and always there', () => {
  for (const [path, fields] of Object.entries(FIELDS)) {
    const { schema } = document.paths[path]!['get']!.responses['200']!.content['application/json'] as { schema: Schema }
    const { properties, required } = resolve(schema.items ?? schema)
    expect({ path, properties: Object.keys(properties ?? {}) }).toMatchObject({
      properties: expect.arrayContaining(fields.split(' ')) as string[],
    })
    expect({ path, required }).toMatchObject({ required: expect.arrayContaining(fields.split(' ')) as string[] })
  }
})

interface Schema {
  readonly $ref?: string
  readonly items?: Schema
  readonly properties?: object
  readonly required?: readonly string[]
}

function resolve(schema: Schema): Schema {
  return schema.$ref === undefined ? schema : (document.components.schemas[schema.$ref.split('/').at(-1)!] as Schema)
}
