/** What the asking commands do: ask, and print. */
import { z } from 'zod'
import type { CommandCall } from './command-entry.ts'
import { renderExplanation, renderOverrides, renderStatus } from './render-answers.ts'
import { explanationAnswer, interfacesAnswer, overridesAnswer, statusAnswer } from './service-answers.ts'
import { ServiceRefused, ServiceUnreachable, type ServiceClient } from './service-client.ts'

export { clientFor as clientOf } from './service-client.ts'
export { printTop } from './top/top.ts'

/** What is to be said of a service that does not answer or refuses; undefined for any other error. */
export function refusalOf(error: unknown): { readonly message: string; readonly isUsage: boolean } | undefined {
  if (error instanceof ServiceUnreachable) return { message: error.message, isUsage: false }
  if (!(error instanceof ServiceRefused)) return undefined
  return { message: error.message, isUsage: error.status === 400 || error.status === 404 }
}

export async function printStatus(client: ServiceClient, { given, io }: CommandCall): Promise<void> {
  const paths = ['/api/v1/status', '/api/v1/interfaces', '/api/v1/overrides'] as const
  const answers = await Promise.all(paths.map((path) => client.json(path)))
  if (given.json === true) {
    const [status, interfaces, overrides] = answers
    return io.out(`${JSON.stringify({ status, interfaces, overrides }, null, 2)}\n`)
  }
  const [status, interfaces, overrides] = await Promise.all([
    client.read(paths[0], statusAnswer),
    client.read(paths[1], interfacesAnswer),
    client.read(paths[2], overridesAnswer),
  ])
  print(io, renderStatus(client.url, status, interfaces, overrides))
}

export async function printOverrides(client: ServiceClient, { given, io }: CommandCall): Promise<void> {
  const query = { router: given.router, interface: given.interface }
  if (given.json === true) return printJson(io, await client.json('/api/v1/overrides', query))
  const [overrides, { time }] = await Promise.all([
    client.read('/api/v1/overrides', overridesAnswer, query),
    client.read('/api/v1/status', z.object({ time: z.string() })),
  ])
  print(io, renderOverrides(overrides, Date.parse(time)))
}

/** On the router that is named, or on each. */
export async function printExplanation(client: ServiceClient, { given, words, io }: CommandCall): Promise<void> {
  const prefix = words[0]!
  const routers = given.router === undefined ? await routerNames(client) : [given.router]
  const queries = routers.map((router) => ({ router, prefix }))
  if (given.json === true) {
    const answers = await Promise.all(queries.map((query) => client.json('/api/v1/explain', query)))
    return printJson(io, given.router === undefined ? answers : answers[0])
  }
  const answers = await Promise.all(
    queries.map((query) => client.read('/api/v1/explain', explanationAnswer, query)),
  )
  print(io, answers.flatMap((one, i) => [...(i === 0 ? [] : ['', '---', '']), ...renderExplanation(one)]))
}

async function routerNames(client: ServiceClient): Promise<string[]> {
  const { routers } = await client.read('/api/v1/status', z.object({ routers: z.array(z.object({ name: z.string() })) }))
  return routers.map(({ name }) => name)
}

function printJson(io: CommandCall['io'], body: unknown): void {
  io.out(`${JSON.stringify(body, null, 2)}\n`)
}

function print(io: CommandCall['io'], lines: readonly string[]): void {
  io.out(lines.map((line) => `${line}\n`).join(''))
}
