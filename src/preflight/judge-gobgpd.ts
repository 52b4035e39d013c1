/** Whether a gobgpd and its sessions are what steering needs. Pure. */
import type { Peer } from '../bgp/wire/gobgp-api.ts'
import { formatAddress } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import type { GobgpdFacts } from './facts.ts'
import { bad, doubtful, good, type Finding } from './finding.ts'
import { judgeRoutes } from './judge-routes.ts'

const FAMILIES = [[4, 'ipv4-unicast', 'IPv4'], [6, 'ipv6-unicast', 'IPv6']] as const
const ROUTERS_DOC = 'see docs/routers.md'

export function judgeGobgpd(gobgpd: GobgpdFacts, routers: readonly Router[]): Finding[] {
  const about = `gobgpd ${gobgpd.target}`
  if (gobgpd.kind === 'silent') {
    return [
      bad(
        about,
        gobgpd.why,
        "start it, with --api-hosts as bgp.gobgp or the router's gobgp says, and nothing else there",
      ),
    ]
  }
  const { apiVersion, asn, software, leaks } = gobgpd
  const which = software ?? 'which version of GoBGP, its API does not tell (gobgpd --version does)'
  return [
    good(about, `answers with API ${apiVersion}, AS ${asn}; ${which}`),
    ...leaks.map(({ kind, what, remedy }) => (kind === 'leak' ? bad : doubtful)(about, what, remedy)),
    ...(leaks.length === 0 ? [good(about, 'sends to our routers only, and only what is ours')] : []),
    ...gobgpd.routers.flatMap((facts) => {
      const router = routers.find(({ name }) => name === facts.name)!
      const { peer } = facts
      if (peer === undefined) {
        const missing = `${formatAddress(router.address)} is no neighbor of gobgpd ${gobgpd.target}`
        return [bad(`router ${router.name}`, missing, 'add it to [[neighbors]], or correct its address')]
      }
      if (peer.disabled) {
        const off = `the neighbor ${peer.address} is switched off in gobgpd (admin-down)`
        return [
          doubtful(
            `router ${router.name}`,
            off,
            'a service that starts with gobgpd opens it; by hand: gobgp neighbor ADDRESS enable',
          ),
        ]
      }
      if (!peer.established) {
        const down = `the BGP session with ${peer.address} is not established`
        const remedy = 'look at gobgp neighbor, and at the router: addresses, AS, password, port 179'
        return [bad(`router ${router.name}`, down, remedy)]
      }
      const carried = peer.ours.families.filter((family) => peer.theirs.families.includes(family))
      return [...judgeSession(router.name, peer), ...judgeRoutes(router, facts, carried)]
    }),
  ]
}

function judgeSession(name: string, { ours, theirs }: Peer): Finding[] {
  const about = `router ${name}`
  return FAMILIES.map(([family, afiSafi, title]) => {
    const neighbor = `afi-safi-name = "${afiSafi}" in its [[neighbors.afi-safis]]`
    if (!ours.families.includes(family)) {
      return doubtful(about, `gobgpd does not offer ${title}`, `set ${neighbor}`)
    }
    if (!theirs.families.includes(family)) {
      return doubtful(
        about,
        `the router does not offer ${title}`,
        `activate ${title} unicast towards gobgpd to steer it`,
      )
    }
    if (!ours.addPathReceive.includes(family)) {
      const remedy = 'set receive = true in [neighbors.afi-safis.add-paths.config] of that family'
      return bad(about, `gobgpd does not take several paths of a prefix (add-path) in ${title}`, remedy)
    }
    if (!theirs.addPathSend.includes(family)) {
      const remedy = `have it send all paths to gobgpd, not only the best: ${ROUTERS_DOC}`
      return bad(about, `the router does not send several paths of a prefix (add-path) in ${title}`, remedy)
    }
    return good(about, `session established, ${title} with all paths (add-path)`)
  })
}
