/** What the demo sees at one moment: the truth, which the edge tells, and what the service says over REST. */
import type { EdgeState } from '../simulator/edge-command.ts'
import type { EdgeProcess } from '../simulator/start-edge-process.ts'
import { EXITS } from './demo-edge.ts'
import type { RestClient, RestDecision, RestInterface, RestOverride } from './rest-client.ts'

export interface Observation {
  /** By exit. */
  readonly loads: Readonly<Record<string, ExitTruth>>
  readonly table: EdgeState['table']
  /** By name; empty until the service answers. */
  readonly interfaces: Readonly<Record<string, RestInterface>>
  readonly overrides: readonly RestOverride[]
  /** Newest first. */
  readonly decisions: readonly RestDecision[]
}

export interface ExitTruth {
  /** What the link carries, bit/s. */
  readonly bps: number
  /** What wants to leave by it, bit/s. */
  readonly offeredBps: number
}

/** Rejects when the service does not answer. */
export async function observe(edge: EdgeProcess, rest: RestClient): Promise<Observation> {
  const [interfaces, overrides, decisions] = await Promise.all([
    rest.interfaces(), rest.overrides(), rest.decisions(),
  ])
  // The edge speaks for itself, and last: what the service claims must hold by now.
  const { loads, table } = edge.state()
  return {
    loads: Object.fromEntries(loads.map(({ exit, bps, offeredBps }) => [exit, { bps, offeredBps }])),
    table,
    interfaces: Object.fromEntries(interfaces.map((one) => [one.name, one])),
    overrides,
    decisions,
  }
}

/** The exit that the edge's forwarding table gives a prefix; undefined when the table does not have it. */
export function exitOfPrefix({ table }: Observation, prefix: string): string | undefined {
  const entry = table.find((one) => one.prefix === prefix)
  return entry === undefined ? undefined : EXITS[entry.exit]?.name
}

/** `1 override`, `2 overrides`. */
export function countText(overrides: number): string {
  return `${overrides} override${overrides === 1 ? '' : 's'}`
}
