/** What becomes of each router's overrides when the configuration changes. Pure. */
import type { Config } from '../config/config.ts'
import type { Succession } from '../controller/obsolete.ts'
import type { Mode } from '../model/mode.ts'
import { compareAddresses } from '../model/prefix.ts'

/**
 * `nextMode` is the one that the changed configuration starts in. A router may be renamed: overrides know it
 * by its neighbor.
 */
export function findSuccessions(config: Config, next: Config, nextMode: Mode): Succession[] {
  return config.routers.map((router) => {
    const successor = next.routers.find(
      ({ gobgp, address }) => gobgp === router.gobgp && compareAddresses(address, router.address) === 0,
    )
    return { router, next: successor, because: whyAllGoes(config, next, router.gobgp, nextMode) }
  })
}

function whyAllGoes(config: Config, next: Config, gobgp: string, nextMode: Mode): string | undefined {
  if (config.bgp.marker !== next.bgp.marker) return 'its marker is another one now'
  if (nextMode === 'dry_run') return 'it is only decided now (dry-run)'
  // What says whose an override is goes with it only where several have one gobgpd.
  const [before, after] = [isShared(config, gobgp), isShared(next, gobgp)]
  if (before === after) return undefined
  return after ? `other routers share gobgpd at ${gobgp} now` : `it has gobgpd at ${gobgp} to itself now`
}

function isShared({ routers }: Config, target: string): boolean {
  return routers.filter(({ gobgp }) => gobgp === target).length > 1
}
