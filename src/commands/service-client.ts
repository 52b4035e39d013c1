/** Asks a running service over its API. */
import type { z } from 'zod'
import { serviceUrl } from '../api/ask-service.ts'
import { loadOrReport } from '../config/load-or-report.ts'
import { messageOf } from '../model/error-message.ts'
import { UsageError, type CommandCall } from './command-entry.ts'

export interface ServiceClient {
  readonly url: string
  /** The JSON at a path, as it is. Rejects with ServiceUnreachable, ServiceRefused, or what fetch says. */
  json(path: string, query?: Query): Promise<unknown>
  /** The same, as far as the schema reads it. */
  read<Schema extends z.ZodType>(path: string, schema: Schema, query?: Query): Promise<z.output<Schema>>
}

type Query = Readonly<Record<string, string | undefined>>

/** Nothing answers, or nothing that is Spillway. The message says what to do. */
export class ServiceUnreachable extends Error {}

/** It answers, and refuses. */
export class ServiceRefused extends Error {
  readonly status: number
  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

/** Where the default of api.listen is. */
const DEFAULT_URL = 'http://127.0.0.1:8080'
const TIMEOUT_MS = 5_000

/** The service that a command line names; undefined when its configuration has faults, which are told. */
export function clientFor({ given, io }: Pick<CommandCall, 'given' | 'io'>): ServiceClient | undefined {
  if (given.config === undefined) {
    return createServiceClient(given.url === undefined ? DEFAULT_URL : readUrl(given.url), 'FILE')
  }
  const config = loadOrReport(given.config, io.env, (text) => io.err(text))
  return config && createServiceClient(serviceUrl(config.api.listen), given.config)
}

/** `file`: the configuration that messages name. */
export function createServiceClient(url: string, file: string): ServiceClient {
  const json: ServiceClient['json'] = async (path, query = {}) => {
    const target = new URL(`${url}${path}`)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) target.searchParams.set(name, value)
    }
    let response: Response
    try {
      response = await fetch(target, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    } catch (error) {
      throw new ServiceUnreachable(
        `no service answers at ${url} (${reasonOf(error)}). Where it runs, -c FILE or --url says where it ` +
          `answers; \`spillway run -c ${file}\` starts one, and \`spillway check --live -c ${file}\` says what ` +
          'keeps it from working',
        { cause: error },
      )
    }
    let body: unknown
    try {
      body = await response.json()
    } catch (error) {
      throw new ServiceUnreachable(`what answers at ${url} is no Spillway: it gives no JSON`, { cause: error })
    }
    if (response.ok) return body
    const told = (body as { error?: { message?: unknown } } | null)?.error?.message
    throw new ServiceRefused(typeof told === 'string' ? told : `status ${response.status}`, response.status)
  }
  return {
    url,
    json,
    read: async (path, schema, query) => {
      const result = schema.safeParse(await json(path, query))
      if (result.success) return result.data
      const where = result.error.issues[0]!.path.join('.')
      throw new ServiceUnreachable(
        `what answers at ${url}${path} is no Spillway of this version: ${where} is not as expected`,
      )
    },
  }
}

function readUrl(text: string): string {
  const url = URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '') {
    return url.origin
  }
  throw new UsageError(`--url "${text}" is not http://HOST:PORT`)
}

/** What fetch hides behind its "fetch failed". */
function reasonOf(error: unknown): string {
  const cause = (error as Error).cause as { code?: string } | undefined
  if ((error as Error).name === 'TimeoutError') return `no answer in ${TIMEOUT_MS / 1000} s`
  return cause?.code ?? messageOf(error)
}
