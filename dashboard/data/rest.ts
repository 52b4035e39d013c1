/** What the page reads of the service, as its schemas say it, and how it asks. */
import type { z } from 'zod'
import type { alarmSchema } from '../../src/api/json/alarm.ts'
import type { explanationSchema } from '../../src/api/json/explanation.ts'
import type { overrideSpanSchema } from '../../src/api/json/history.ts'
import type { decisionSchema } from '../../src/api/json/decision.ts'
import type { interfaceSchema } from '../../src/api/json/interface.ts'
import type { overrideSchema } from '../../src/api/json/override.ts'
import type { pathSchema } from '../../src/api/json/path.ts'
import type { prefixRateSchema, rateSchema } from '../../src/api/json/prefix-rate.ts'
import type { statusSchema } from '../../src/api/json/status.ts'

export type Status = z.input<typeof statusSchema>
export type Mode = Status['mode']
export type Router = Status['routers'][number]
export type Gobgp = Status['gobgp'][number]
export type Alarm = z.input<typeof alarmSchema>
export type Interface = z.input<typeof interfaceSchema>
export type InterfaceState = Interface['state']
export type Override = z.input<typeof overrideSchema>
export type Decision = z.input<typeof decisionSchema>
export type PrefixRate = z.input<typeof prefixRateSchema>
export type RateWithHalves = z.input<typeof rateSchema>
export type Explanation = z.input<typeof explanationSchema>
export type PastOverride = z.input<typeof overrideSpanSchema>
export type Path = z.input<typeof pathSchema>

/** What came of a change of the mode. */
export interface ModeAnswer {
  readonly mode: Mode
  readonly applied: boolean
  /** Routers for which GoBGP still holds overrides; null: it did not tell how many. */
  readonly left: readonly { readonly router: string; readonly overrides: number | null }[]
}

/** The service answered, but not with what was asked for. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** What is late is called old long before. */
const ANSWER_WITHIN_MS = 10_000
/** A change of the mode is waited for up to 5 s, and put on disk. */
const CHANGE_WITHIN_MS = 12_000

/** GETs JSON below /api/v1. Rejects with Refused, or with what the network says. */
export async function get<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
  const parameters = new URLSearchParams(query).toString()
  return ask<T>(`${path}${parameters === '' ? '' : `?${parameters}`}`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
}

/** Sends a change with the token. */
export async function send<T>(method: 'PUT' | 'POST' | 'DELETE', path: string, token: string, body?: unknown) {
  return ask<T>(path, {
    method,
    signal: AbortSignal.timeout(CHANGE_WITHIN_MS),
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(`/api/v1/${path}`, init)
  const text = await response.text()
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T
  throw new Refused(response.status, errorMessage(text) ?? `${response.status} ${response.statusText}`)
}

function errorMessage(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message
  } catch {
    return undefined
  }
}
