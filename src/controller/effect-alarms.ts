/** Alarms about overrides that do not do what they should. Pure. */
import type { AlarmKind, Finding } from '../model/alarm.ts'
import { formatPrefix } from '../model/prefix.ts'
import { relativeError } from '../model/rates.ts'
import { formatRate, formatShare } from '../model/units.ts'
import type { Effect } from './plan/effect.ts'
import type { RouterReport } from './report.ts'

/** What the plan counts on and is not so, as a share (of 1) of the interface's speed. */
const PREDICTION_OFF = 0.1

const REMEDY =
  'look at the router: a weight or local preference that its inbound policy sets, an import filter or a ' +
  'prefix limit on the session with GoBGP, a next hop that it cannot reach; ' +
  'mode off, then active, tries again at once'

/** What the audit of a router's overrides shows to be wrong. */
export function findEffectAlarms(router: RouterReport, nowMs: number): Finding[] {
  if (nowMs < router.disregard.untilMs) {
    const what = `${router.name} ignores overrides, none of the last moved anything`
    const message = `${what}: nothing is added for a while; ${REMEDY}`
    return [
      { kind: 'overrides_ignored', router: router.name, interface: undefined, message },
      ...findUnsent(router, nowMs),
    ]
  }
  return [
    ...findUnsent(router, nowMs),
    ...findIdle(router, nowMs),
    ...findPartial(router),
    ...findPredictionsOff(router),
  ]
}

function findUnsent({ name, setAside }: RouterReport, nowMs: number): Finding[] {
  const [first] = setAside.filter((one) => one.kind === 'not sent' && nowMs < one.untilMs)
  if (first === undefined) return []
  const what = `the override of ${formatPrefix(first.prefix)} never left for ${name} and was withdrawn`
  const message = `${what}: ${first.why}`
  return [{ kind: 'override_not_sent', router: name, interface: undefined, message }]
}

function findIdle({ name, setAside }: RouterReport, nowMs: number): Finding[] {
  const idle = setAside.filter((one) => one.kind === 'without effect' && nowMs < one.untilMs)
  return byExit('override_without_effect', name, idle, (ones) => {
    const [first] = ones
    const what = `the override of ${namesOf(ones)} did nothing and was withdrawn`
    const where = `on ${first.fromInterface} of ${name} and did not go to ${first.toInterface}`
    return `${what}: traffic stayed ${where}; ${REMEDY}`
  })
}

function findPartial({ name, effects }: RouterReport): Finding[] {
  const partial = effects.filter(({ kind }) => kind === 'in part')
  return byExit('override_partial_effect', name, partial, (ones) => {
    const [first] = ones
    const moved = `moved only ${formatShare(first.movedShare)} of ${formatRate(first.bps)}`
    const way = `from ${first.fromInterface} of ${name} to ${first.toInterface}`
    return `the override of ${namesOf(ones)} ${moved} ${way}: the rest leaves elsewhere`
  })
}

/**
 * Every override leaves a little behind, and has few samples: what all of them together leave behind tells.
 */
function findPredictionsOff({ name: router, effects, interfaces }: RouterReport): Finding[] {
  return interfaces.flatMap(({ name, speedBps = Infinity }) => {
    const own = effects.filter(({ fromInterface }) => fromInterface === name)
    const missingBps = own.reduce((sum, { bps, movedShare }) => sum + bps * (1 - movedShare), 0)
    const errorBps = missingBps * relativeError(own.reduce((sum, { samples }) => sum + samples, 0))
    if (missingBps - errorBps <= PREDICTION_OFF * speedBps) return []
    const plannedBps = own.reduce((sum, { bps }) => sum + bps, 0)
    const plan = `${own.length} overrides should keep ${formatRate(plannedBps)} away`
    const message = `${plan} from ${name} of ${router}: ${formatRate(missingBps)} of that do not leave where they lead`
    return [{ kind: 'prediction_off', router, interface: name, message }]
  })
}

type Detour = Pick<Effect, 'prefix' | 'fromInterface' | 'toInterface'>

/** One finding for each exit. */
function byExit<T extends Detour>(
  kind: AlarmKind,
  router: string,
  all: readonly T[],
  messageOf: (ones: readonly [T, ...T[]]) => string,
): Finding[] {
  return [...Map.groupBy(all, ({ toInterface }) => toInterface)].map(([name, ones]) => ({
    kind,
    router,
    interface: name,
    message: messageOf(ones as [T, ...T[]]),
  }))
}

/** `1.0.0.0/24 (and 3 more)`. */
function namesOf([first, ...others]: readonly [Detour, ...Detour[]]): string {
  return `${formatPrefix(first.prefix)}${others.length > 0 ? ` (and ${others.length} more)` : ''}`
}
