/** Whether the received routes give exits to choose from. Pure. */
import { compareAddresses, formatAddress, formatPrefix, type Address, type Family } from '../model/prefix.ts'
import { interfaceOfNextHop, type Router } from '../model/topology.ts'
import { formatShare } from '../model/units.ts'
import type { FamilyRoutes, NextHopUse, RouterBgp } from './facts.ts'
import { bad, doubtful, good, type Finding } from './finding.ts'

/** Some prefixes always have one path only, as those of a customer. */
const MOST_SINGLE = 0.5
const MOST_EXAMPLES = 3

/** `carried`: the families that the session carries. */
export function judgeRoutes(
  router: Router,
  { families, nextHops }: RouterBgp,
  carried: readonly Family[],
): Finding[] {
  return [
    ...families
      .filter(({ family }) => carried.includes(family))
      .map((routes) => judgeFamily(router.name, routes)),
    ...judgeNextHops(router, nextHops),
  ]
}

function judgeFamily(name: string, { family, routes, paths, single }: FamilyRoutes): Finding {
  const about = `router ${name}`
  if (routes === 0) {
    const remedy = 'let it send what it has learned to gobgpd: see docs/routers.md'
    return doubtful(about, `no IPv${family} route received: there is nothing to steer`, remedy)
  }
  const alone = `${single} (${formatShare(single / routes)}) have one path only, and cannot move`
  const what = `${routes} IPv${family} prefixes received with ${paths} paths; ${alone}`
  if (single === routes) {
    return bad(about, what, 'have it send all paths to gobgpd, not only the best: see docs/routers.md')
  }
  if (single / routes <= MOST_SINGLE) return good(about, what)
  return doubtful(about, what, 'look whether every neighbor of it announces them')
}

function judgeNextHops(router: Router, nextHops: readonly NextHopUse[]): Finding[] {
  const about = `router ${router.name}`
  const total = countPaths(nextHops)
  if (total === 0) return []
  const itself = nextHops.filter(({ address }) => isItself(router, address))
  const others = nextHops.filter((hop) => !itself.includes(hop))
  const foreign = others.filter(({ address }) => interfaceOfNextHop(router, address) === undefined)
  const findings: Finding[] = []
  if (itself.length > 0) {
    const what = `${share(itself, total)} have the router itself as next hop (${examples(itself)})`
    const remedy =
      'no next-hop-self towards gobgpd, or nobody can tell which interface they leave by: see docs/routers.md'
    findings.push(bad(about, what, remedy))
  }
  if (foreign.length > 0) {
    const hops = `${share(foreign, total)} have a next hop that no interface has (${examples(foreign)})`
    const what = `${hops}, and are no exits`
    const remedy =
      'give the interface its address or name the next hop in next_hops, if they are to be steered'
    findings.push(
      foreign.length === nextHops.length ? bad(about, what, remedy) : doubtful(about, what, remedy),
    )
  }
  if (findings.length === 0) findings.push(good(about, `all ${total} paths leave by a configured interface`))
  const used = new Set(others.map(({ address }) => interfaceOfNextHop(router, address)?.name))
  for (const { name } of router.interfaces.filter((i) => !used.has(i.name))) {
    const remedy = 'look at the sessions of its neighbor, and at its address and next_hops'
    findings.push(
      doubtful(`${about} ${name}`, 'no received path leaves by it: nothing can be moved there', remedy),
    )
  }
  return findings
}

function isItself({ address, interfaces }: Router, nextHop: Address): boolean {
  const own = [address, ...interfaces.flatMap(({ addresses }) => addresses.map((a) => a.address))]
  return own.some((one) => compareAddresses(one, nextHop) === 0)
}

function countPaths(nextHops: readonly NextHopUse[]): number {
  return nextHops.reduce((sum, { paths }) => sum + paths, 0)
}

function share(nextHops: readonly NextHopUse[], total: number): string {
  const paths = countPaths(nextHops)
  return `${paths} of ${total} paths (${formatShare(paths / total)})`
}

function examples(nextHops: readonly NextHopUse[]): string {
  const some = nextHops.slice(0, MOST_EXAMPLES).map(({ address, paths, example }) => {
    return `${formatAddress(address)}: ${paths}, as ${formatPrefix(example)}`
  })
  return [
    ...some,
    ...(nextHops.length > MOST_EXAMPLES ? [`${nextHops.length - MOST_EXAMPLES} more`] : []),
  ].join('; ')
}
