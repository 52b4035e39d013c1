import { Validator } from '@seriousme/openapi-schema-validator'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createApp } from '../../src/api/api.ts'
import { createLiveEvents } from '../../src/api/live-events.ts'
import { createMetrics } from '../../src/api/metrics/metrics.ts'
import { createConformance, type OpenapiDocument } from './conformance.ts'
import { createFakeView, OVERRIDE_ID } from './fake-view.ts'
import { serve } from './served.ts'

const EXAMPLES: Readonly<Record<string, string>> = {
  from: '2030-01-02T00:00:00Z', to: '2030-01-02T03:00:00Z', before: '1893553445000000', points: '100',
  router: 'edge1', interface: 'transit-a', to_interface: 'transit-b', prefix: '198.51.100.0/24', limit: '2', offset: '1', id: OVERRIDE_ID,
}

async function described() {
  const served = await serve()
  const answer = await served.ask('/api/openapi.json')
  const document = answer.json() as OpenapiDocument
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  return { ...served, document, operations }
}

test('openapi.json is a valid document of OpenAPI 3.1', async () => {
  const { document } = await described()
  expect(document.openapi).toMatch(/^3\.1\./)
  expect(await new Validator().validate(structuredClone(document) as never)).toMatchObject({ valid: true })
})

test('each operation has a name of its own and says what it does in a line', async () => {
  const { operations } = await described()
  const names = operations.map(({ operation }) => operation.operationId)
  expect(new Set(names).size).toBe(names.length)
  for (const { operation } of operations) expect(operation.summary).toMatch(/^[A-Z][^\n`]*[^.\n]$/)
})

test('what each GET answers is as it says, with every parameter and with none too many', async () => {
  const { document, operations, ask } = await described()
  const conformance = createConformance(document)
  for (const { path, method, operation } of operations) {
    // Those that go on have tests of their own.
    const goesOn = 'text/event-stream' in (operation.responses['200']?.content ?? {})
    if (method !== 'get' || goesOn) continue
    const queries = ['', ...(operation.parameters ?? []).map(({ name, schema }) => `${name}=${EXAMPLES[name] ?? schema?.enum?.[0]}`)]
    const all = queries.filter((query) => query !== '').join('&')
    for (const query of [...queries, all, `${all}&surely_unknown=1`]) {
      const answer = await ask(`${path}?${query}`)
      const type = String(answer.headers['content-type'])
      const body = type.startsWith('application/json') ? answer.json() : answer.text
      const fault = conformance(operation, { status: answer.status, type, body })
      expect({ path, query, fault }).toEqual({ path, query, fault: undefined })
      if (query === all) expect({ path, query, status: answer.status }).toMatchObject({ status: 200 })
    }
  }
}, 120_000)

test('what is served and what is documented are the same', async () => {
  const { document } = await described()
  const view = createFakeView()
  const logger = pino({ level: 'silent' })
  const app = createApp({
    listen: { host: '127.0.0.1', port: 0 }, token: undefined, known: Promise.resolve(), view, metrics: createMetrics(view), logger,
    events: createLiveEvents(view, () => 0, logger), clock: () => 0,
  })
  const stack = (app.router as unknown as { stack: readonly { route?: ServedRoute }[] }).stack
  const served = stack.flatMap(({ route }) => {
    const methods = route?.stack.flatMap(({ method }) => method ?? []) ?? []
    return [...new Set(methods)].map((method) => `${method} ${route!.path.replaceAll(/:(\w+)/g, '{$1}')}`)
  })
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  // The page and its parts are no part of the API.
  const isApi = (one: string): boolean => / \/(api\/(?!docs)|healthz|readyz|metrics)/.test(one)
  expect(served.filter(isApi).sort()).toEqual(documented.sort())
  expect(served.length).toBeGreaterThan(15)
})

interface ServedRoute {
  readonly path: string
  readonly stack: readonly { readonly method?: string }[]
}

test('a field that is not documented would be seen', async () => {
  const { document } = await described()
  const operation = document.paths['/api/v1/overrides']!['get']!
  const conformance = createConformance(document)
  const answer = { status: 200, type: 'application/json', body: [{ id: 'x', surprise: 1 }] }
  expect(conformance(operation, answer)).toMatch(/must NOT have additional properties/)
})
