/** Facts → findings, in the order in which they are read. Pure. */
import type { Facts } from './facts.ts'
import type { Finding } from './finding.ts'
import { judgeGobgpd } from './judge-gobgpd.ts'
import { judgeHost } from './judge-host.ts'
import { judgeSflow } from './judge-sflow.ts'

export function judge(facts: Facts): Finding[] {
  const { config, gobgpds, sflow, host } = facts
  return [
    ...judgeHost(config, host),
    ...gobgpds.flatMap((gobgpd) => judgeGobgpd(gobgpd, config.routers)),
    ...judgeSflow(sflow, config),
  ]
}
