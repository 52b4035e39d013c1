/** Faults between keys of the routers: what must be unique, must not overlap, must be below another. */
import { formatAddress, formatPrefix, overlaps } from '../model/prefix.ts'
import { routerNumber } from '../model/router-number.ts'
import { formatKeyPath, type KeyPath } from './config-error.ts'
import { percentOf } from './percent.ts'
import type { Places } from './places.ts'
import type { Draft } from './schema.ts'

type RouterDraft = NonNullable<Draft['routers']>[number]
type InterfaceDraft = NonNullable<RouterDraft['interfaces']>[number]

/** Checks whatever the draft holds and reports to `places`. */
export function checkRouters({ routers = [], controller, bgp }: Draft, places: Places): void {
  const names = new FirstUse(places)
  const addresses = new FirstUse(places)
  const agents = new FirstUse(places)
  const numbers = new FirstUse(places)
  routers.forEach((router, r) => {
    const at: KeyPath = ['routers', r]
    if (router.name !== undefined) names.claim(router.name, [...at, 'name'])
    if (router.address !== undefined) addresses.claim(formatAddress(router.address), [...at, 'address'])
    claimAgents(router, at, agents, places)
    if (!places.isFaulty([...at, 'address'])) claimNumber(router, bgp?.gobgp, at, numbers)
    for (const family of ['ipv4', 'ipv6'] as const) {
      const shortest = controller?.min_prefix_length[family]
      const longest = router.max_prefix_length?.[family]
      if (shortest === undefined || longest === undefined || longest >= shortest) continue
      if (places.isFaulty(['controller', 'min_prefix_length', family])) continue
      const message = `must not be below controller.min_prefix_length, ${shortest}: no override could be made`
      places.report([...at, 'max_prefix_length', family], message)
    }
    checkInterfaces(router.interfaces ?? [], [...at, 'interfaces'], places)
  })
}

/** IPv6 addresses are more than there are numbers to tell their routers apart where they share a gobgpd. */
function claimNumber(
  { address, gobgp }: RouterDraft, gobgpOfAll: string | undefined, at: KeyPath, numbers: FirstUse,
): void {
  if (address === undefined) return
  numbers.claim(
    `${routerNumber(address)} ${gobgp ?? gobgpOfAll}`,
    [...at, 'address'],
    (first) =>
      `cannot be told apart from ${first} in the gobgpd that they share, as their 32-bit words XOR to one ` +
      'value: give this router a gobgpd of its own (gobgp)',
  )
}

function claimAgents(router: RouterDraft, at: KeyPath, agents: FirstUse, places: Places): void {
  if (router.sflow_agent !== undefined) {
    router.sflow_agent.forEach((agent, i) => agents.claim(formatAddress(agent), [...at, 'sflow_agent', i]))
  } else if (router.address !== undefined && !places.isFaulty([...at, 'address'])) {
    agents.claim(formatAddress(router.address), [...at, 'sflow_agent'])
  }
}

function checkInterfaces(interfaces: readonly InterfaceDraft[], at: KeyPath, places: Places): void {
  const names = new FirstUse(places)
  const indexes = new FirstUse(places)
  const nextHops = new FirstUse(places)
  interfaces.forEach(({ name, ifindex, members = [], next_hops = [], ...rest }, i) => {
    if (name !== undefined) names.claim(name, [...at, i, 'name'])
    if (ifindex !== undefined) indexes.claim(String(ifindex), [...at, i, 'ifindex'])
    members.forEach((member, m) => indexes.claim(String(member), [...at, i, 'members', m]))
    next_hops.forEach((hop, n) => nextHops.claim(formatAddress(hop), [...at, i, 'next_hops', n]))
    checkWatermarks(rest, [...at, i], places)
  })
  checkSubnets(interfaces, at, places)
}

function checkWatermarks(draft: InterfaceDraft, at: KeyPath, places: Places): void {
  const { high_watermark: high, low_watermark: low, relief_target: target } = draft
  if (high === undefined || low === undefined || places.isFaulty([...at, 'high_watermark'])) return
  for (const [key, value] of Object.entries({ low_watermark: low, relief_target: target ?? 0 })) {
    if (value < high) continue
    const given = `${places.has([...at, key]) ? '' : 'its default, '}${percentOf(value)}`
    const message = `must be below high_watermark: ${given}, is not below ${percentOf(high)}`
    places.report([...at, key], message)
  }
}

/** A next hop must leave by one interface only. */
function checkSubnets(interfaces: readonly InterfaceDraft[], at: KeyPath, places: Places): void {
  const subnets = interfaces.flatMap(({ name, address = [] }, i) =>
    address.map(({ subnet }, n) => ({ i, subnet, name: name ?? '?', path: [...at, i, 'address', n] })),
  )
  subnets.forEach((later, l) => {
    const others = subnets.slice(0, l).filter(({ i }) => i !== later.i)
    const earlier = others.find(({ subnet }) => overlaps(subnet, later.subnet))
    if (earlier === undefined) return
    const [a, b] = [formatPrefix(later.subnet), `${formatPrefix(earlier.subnet)} of ${earlier.name}`]
    places.report(later.path, `subnet ${a} overlaps ${b}: a next hop must leave by one interface`)
  })
}

/** What may be used once only; a second use is a fault that names the first. */
class FirstUse {
  readonly #places: Places
  readonly #uses = new Map<string, string>()

  constructor(places: Places) {
    this.#places = places
  }

  claim(
    value: string,
    path: KeyPath,
    explain = (first: string): string => `${value} is taken by ${first}`,
  ): void {
    const first = this.#uses.get(value)
    if (first === undefined) this.#uses.set(value, formatKeyPath(path))
    else this.#places.report(path, explain(first))
  }
}

