/** What operators order over REST, put before the controller. */
import type { PinAnswer, PinWish, WithdrawAnswer } from '../api/view.ts'
import type { Controller } from '../controller/controller.ts'
import type { OverrideReport, RouterReport } from '../controller/report.ts'
import type { Clock } from '../model/clock.ts'
import { overrideId } from '../model/override.ts'
import { within } from '../process/within.ts'

export interface ByHand {
  pin(wish: PinWish): Promise<PinAnswer>
  withdraw(id: string, forMs: number, by: string): Promise<WithdrawAnswer | undefined>
}

/** For a cycle, and the one under way; GoBGP may be slow. */
const CYCLES_WITHIN_MS = 4_500

export function createByHand(controller: Controller, clock: Clock): ByHand {
  const find = (id: string): { router: RouterReport; override: OverrideReport } | undefined => {
    for (const router of controller.report()?.routers ?? []) {
      const override = router.overrides.find((one) => one.id === id)
      if (override !== undefined) return { router, override }
    }
    return undefined
  }
  return {
    pin: async ({ router, prefix, toInterface, ttlMs, by }) => {
      const untilMs = clock() + ttlMs
      const reason = `pinned by hand until ${toText(untilMs)}, by ${by}`
      const id = overrideId({ router, prefix })
      const pinning = controller.pin(router, { prefix, toInterface, untilMs, reason })
      const decided = await within(CYCLES_WITHIN_MS, pinning.then((result) => ({ result })))
      if (decided === undefined) return { kind: 'pending', id, why: 'the cycle under way takes long' }
      const { result } = decided
      if (result === undefined) return { kind: 'refused', why: 'the service stops' }
      if (result.refusal !== undefined) return { kind: 'refused', why: result.refusal }
      const override = find(id)?.override
      if (override !== undefined && (result.dry || override.state === 'installed')) {
        return { kind: 'made', override }
      }
      return { kind: 'pending', id, why: 'GoBGP has not taken it yet, and is asked again in the next cycle' }
    },
    withdraw: async (id, forMs, by) => {
      const found = find(id)
      if (found === undefined) return undefined
      const { router, override } = found
      if (router.permission.kind === 'stand_by') return { kind: 'refused', why: router.permission.why }
      const untilMs = clock() + forMs
      const { prefix, fromInterface, toInterface } = override.override
      const why = `withdrawn by hand, to stay out until ${toText(untilMs)}, by ${by}`
      const leaving = controller.keepOut(router.name, { prefix, fromInterface, toInterface, untilMs, why })
      await within(CYCLES_WITHIN_MS, leaving)
      return { kind: find(id) === undefined ? 'withdrawn' : 'pending', untilMs }
    },
  }
}

function toText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, '')
}
