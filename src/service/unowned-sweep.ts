/**
 * Takes out of gobgpds that routers share what is ours and meant for none of them: of a router that was taken
 * from the configuration while the service was down, or from before it was shared. No plan looks after it any
 * more, and the lease of the others would keep it there.
 */
import type { Logger } from 'pino'
import type { Bgp } from '../bgp/bgp.ts'
import { isBug } from '../bgp/wire/retry.ts'
import type { CycleReport } from '../controller/report.ts'
import type { Clock } from '../model/clock.ts'
import { messageOf } from '../model/error-message.ts'
import { formatPrefix } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'

export interface UnownedSweepOptions {
  readonly bgp: Pick<Bgp, 'withdrawUnowned'>
  readonly routers: readonly Pick<Router, 'name' | 'gobgp'>[]
  readonly clock: Clock
  readonly logger: Logger
}

export interface UnownedSweep {
  /** To be called after every cycle; sweeps beside the caller when it is time, and never fails. */
  look(report: CycleReport): void
}

const INTERVAL_MS = 10_000

export function createUnownedSweep({ bgp, routers, clock, logger }: UnownedSweepOptions): UnownedSweep {
  const shared = [...Map.groupBy(routers, ({ gobgp }) => gobgp)].filter(([, its]) => its.length > 1)
  const dueMs = new Map<string, number>()

  const sweep = async (target: string): Promise<void> => {
    try {
      const withdrawn = (await bgp.withdrawUnowned(target)).map(formatPrefix)
      if (withdrawn.length === 0) return
      logger.warn({ target, withdrawn }, 'overrides that were meant for none of its routers were withdrawn')
    } catch (error) {
      if (isBug(error)) throw error
      // That it does not answer is told elsewhere; the next sweep has it.
      logger.debug({ target, why: messageOf(error) }, 'overrides that were meant for none of its routers stay')
    }
  }
  return {
    look: ({ mode, routers: reports }) => {
      // Dry-run touches nothing that it has not installed, and it may have been frozen.
      if (mode === 'dry_run' || mode === 'frozen') return
      for (const [target, its] of shared) {
        if (clock() < (dueMs.get(target) ?? -Infinity)) continue
        const isOurs = its.every(({ name }) => {
          const report = reports.find((one) => one.name === name)
          return report?.gobgpAnswers === true && report.permission.kind !== 'stand_by'
        })
        if (!isOurs) continue
        dueMs.set(target, clock() + INTERVAL_MS)
        void sweep(target)
      }
    },
  }
}
