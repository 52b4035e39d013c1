/** What a configuration may say but an operator should know the price of. */
import { formatDuration, formatRate } from '../model/units.ts'
import { isLoopback } from './is-loopback.ts'
import type { Config } from './config.ts'

const SHORTEST_TOKEN = 16
const SLOWEST_LINK_BPS = 1e6
/** A machine under load stands still for seconds, and so does the service. */
const SHORTEST_LEASE_MS = 10_000

/** What `same_length` implies for a router's neighbors. */
export function explainSameLength(router: string): string {
  return (
    `override same_length: while a prefix is overridden, ${router} stops announcing it ` +
    'to its eBGP customers and its other iBGP neighbors; use more_specific if any learn routes from it'
  )
}

/** One line for each; empty when there is nothing to say. */
export function findWarnings({ routers, api, controller }: Config): string[] {
  const warnings: string[] = []
  for (const { name, override, interfaces } of routers) {
    if (override === 'same_length') {
      warnings.push(`router ${name}: ${explainSameLength(name)}`)
    }
    for (const { name: interfaceName, addresses, nextHops, speedBps } of interfaces) {
      if (speedBps !== undefined && speedBps < SLOWEST_LINK_BPS) {
        warnings.push(
          `router ${name}: interface ${interfaceName} has a speed of ${formatRate(speedBps)}: ` +
            'a number without a unit is bit/s',
        )
      }
      if (addresses.length > 0 || nextHops.length > 0) continue
      const interfaceOf = `router ${name}: interface ${interfaceName}`
      warnings.push(`${interfaceOf} has neither address nor next_hops: no path leaves by it`)
    }
  }
  for (const [target, sharing] of Map.groupBy(routers, ({ gobgp }) => gobgp)) {
    if (sharing.length < 2) continue
    const names = sharing.map(({ name }) => name).join(', ')
    warnings.push(
      `routers ${names} share the gobgpd at ${target}: it must be configured as spillway gobgpd-config ` +
        'writes it, and each router receive add-path, or nothing is injected; check --live looks',
    )
  }
  if (controller.leaseMs < SHORTEST_LEASE_MS) {
    warnings.push(
      `controller.lease is shorter than ${formatDuration(SHORTEST_LEASE_MS)}: ` +
        'a service that is held up for a moment loses every override',
    )
  }
  if (!isLoopback(api.listen.host)) {
    const { host } = api.listen
    warnings.push(`api.listen ${host} is not loopback: whoever reaches it can read traffic and routes`)
  }
  if (api.token === undefined) {
    warnings.push('api.token is not set: nothing can be changed over REST, neither the mode nor an override')
  } else if (api.token.length < SHORTEST_TOKEN) {
    warnings.push(`api.token is shorter than ${SHORTEST_TOKEN} characters: it can be guessed`)
  }
  return warnings
}
