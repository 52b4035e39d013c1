/** Observations for tests: the edge of the demo as it would look with these overrides in place. */
import { EXITS, flowsAt, PEER, TRANSIT } from '../../src/demo/demo-edge.ts'
import type { Observation } from '../../src/demo/observation.ts'

export interface Pretended {
  readonly level: number
  /** Prefixes that REST calls installed, from the peer to the transit. */
  readonly claimed: readonly string[]
  /** Prefixes that the edge forwards by the transit (default: the claimed). */
  readonly forwarded?: readonly string[]
}

/** IPv4 only where it matters: the hot prefix's hosts move with the forwarded prefixes, all else stays. */
export function observed({ level, claimed, forwarded = claimed }: Pretended): Observation {
  // The peer comes last: its LOCAL_PREF is higher.
  const [peer, transit] = EXITS
  const home = new Map([
    ...transit!.prefixes.map((one) => [one, 1] as const),
    ...peer!.prefixes.map((one) => [one, 0] as const),
  ])
  const routes = new Map([...home, ...forwarded.map((one) => [one, 1] as const)])
  const table = [...routes].map(([prefix, exit]) => ({
    prefix, prefixLength: Number(prefix.split('/')[1]), nextHop: EXITS[exit]!.nextHops[0]!, exit,
  }))
  const loads = { [PEER]: 0, [TRANSIT]: 0 }
  for (const { to, bps } of flowsAt(level)) {
    const detoured = forwarded.some((one) => holds(one, to))
    loads[detoured || home.get(to) === 1 ? TRANSIT : PEER] += bps
  }
  const reason = 'peer would carry 88 %: 1 Mbps move to transit'
  return {
    loads: Object.fromEntries(Object.entries(loads).map(([exit, bps]) => [exit, { bps, offeredBps: bps }])),
    table,
    interfaces: Object.fromEntries(
      ([PEER, TRANSIT] as const).map((name) => {
        return [name, { name, out_bps: loads[name], natural_bps: 88e6 * level, state: 'ok' }]
      }),
    ),
    overrides: claimed.map((prefix) => ({
      id: prefix, prefix, from_interface: PEER, to_interface: TRANSIT, bps: 1e6, state: 'installed',
      reason,
    })),
    decisions: claimed.map((prefix) => ({ at: '2026-01-01T00:00:00Z', kind: 'relieve', prefix, reason, acted: true })),
  }
}

function holds(prefix: string, to: string): boolean {
  const number = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const [network, length] = prefix.split('/') as [string, string]
  const size = 2 ** (32 - Number(length))
  return Math.floor(number(network) / size) === Math.floor(number(to.split('/')[0]!) / size)
}
