/**
 * What operators order by hand: to pin a prefix to an exit, and to withdraw an override for a while. The plan
 * heeds them; guards hold for pins like for anything else. Pure.
 */
import { comparePrefixes, formatPrefix, overlaps, type Prefix } from '../../model/prefix.ts'
import type { Override } from '../../model/override.ts'
import { formatRate, formatShare } from '../../model/units.ts'
import { exitsOf } from './exits.ts'
import { follow, type Following } from './follow.ts'
import type { PlannedLoads } from './loads.ts'
import type { Pin, PinResult } from './pin.ts'
import { decide, isDry, type PlannedOverride, type Planning } from './planning.ts'
import { whySetAside, type SetAside } from './set-aside.ts'
import { isClosed } from './shared-use.ts'

/**
 * The current overrides without those that were withdrawn by hand, and without pins that are over. What is
 * frozen stays until it is not. A pin was made after what is kept out around it: `unpin` ends those that were
 * withdrawn since.
 */
export function heedOrders(planning: Following): PlannedOverride[] {
  const { nowMs, setAside, isFrozen } = planning
  return planning.current.filter(({ override, dry }) => {
    const { prefix, fromInterface: from, toInterface: to, pinnedUntilMs } = override
    const byHand =
      pinnedUntilMs === undefined
        ? setAside.find((one) => one.kind === 'by hand' && isKeptOut(one, prefix, nowMs))
        : undefined
    const isOver = pinnedUntilMs !== undefined && pinnedUntilMs <= nowMs && !isFrozen
    if (byHand === undefined && !isOver) return true
    const why = byHand?.why ?? `its time is over, it was ${override.reason}`
    const { bps } = planning.demand.movedBy(prefix)
    decide(planning, 'withdraw', { prefix, from, to, bps, dry }, `${formatPrefix(prefix)} is withdrawn: ${why}`)
    return false
  })
}

/** The overrides after one of this prefix was withdrawn by hand: no pin holds it. */
export function unpin(planned: readonly PlannedOverride[], prefix: Prefix): readonly PlannedOverride[] {
  return planned.map((one) =>
    comparePrefixes(one.override.prefix, prefix) === 0
      ? { ...one, override: { ...one.override, pinnedUntilMs: undefined } }
      : one)
}

function isKeptOut(one: SetAside, prefix: Prefix, nowMs: number): boolean {
  return nowMs < one.untilMs && overlaps(one.prefix, prefix)
}

/**
 * Makes the pins of this kind (real or dry) part of the plan, before it moves anything itself. Returns what
 * became of them; those of the other kind are not among them.
 */
export function makePins(
  planning: Planning,
  loads: PlannedLoads,
  dry: boolean,
  pins: readonly Pin[],
): readonly PinResult[] {
  let { changes } = planning.caps
  return pins.flatMap((pin): PinResult[] => {
    const judged = judgePin(planning, loads, pin, changes)
    if (typeof judged === 'string') {
      refuse(planning, pin, judged)
      return [{ pin, refusal: judged, dry }]
    }
    const { override, from, to, bps, before } = judged
    if (isDry(planning, from) !== dry) return []
    if (before !== undefined) loads.move(from, indexOf(planning, before.override.toInterface), -bps)
    loads.move(from, to, bps)
    planning.wanted.set(formatPrefix(pin.prefix), { override, dry })
    changes -= 1
    const about = { prefix: pin.prefix, from: override.fromInterface, to: override.toInterface, bps, dry }
    const inputs = {
      pinned_until_ms: pin.untilMs,
      planned_after_bps: loads.plannedBps(to),
      high_bps: loads.highBps(to),
    }
    decide(planning, 'pin', about, `${formatPrefix(pin.prefix)} moves to ${override.toInterface}: ${pin.reason}`, inputs)
    return [{ pin, refusal: undefined, dry }]
  })
}

interface Judged {
  readonly override: Override
  /** Indexes of its interfaces. */
  readonly from: number
  readonly to: number
  readonly bps: number
  /** The override that it takes over. */
  readonly before: PlannedOverride | undefined
}

/** The override that the pin asks for, or the guard that it runs into, in words. */
function judgePin(planning: Planning, loads: PlannedLoads, pin: Pin, changes: number): Judged | string {
  const { router, routes, wanted, nowMs, setAside, caps, demand, surroundings } = planning
  const { prefix, toInterface, untilMs, reason } = pin
  const text = formatPrefix(prefix)
  if (planning.pinObstacle !== undefined) return planning.pinObstacle
  const refusal = planning.guard.refusal(prefix)
  if (refusal !== undefined) return `${text} ${refusal}`
  const covering = routes.covering(prefix)
  if (covering[0] === undefined) return `no received route covers ${text}`
  if (router.override === 'more_specific' && covering[0].prefix.length === prefix.length) {
    return `${text} is received as it is, and more_specific keeps it in place: pin its halves`
  }
  const to = indexOf(planning, toInterface) ?? -1
  const path = exitsOf(router, covering).find(({ interfaceIndex }) => interfaceIndex === to)?.path
  if (path === undefined) return `${toInterface} has no received route for ${text}, or only RPKI-invalid ones`
  const before = wanted.get(text)
  const wish: Override = {
    router: router.name,
    prefix,
    parentPrefix: covering[0].prefix,
    fromInterface: before?.override.fromInterface ?? '',
    toInterface,
    follows: path,
    // What restarts tell an override by must not change under way.
    sinceMs: before?.override.sinceMs ?? nowMs,
    reason,
    pinnedUntilMs: untilMs,
  }
  const override = follow(planning, wish)
  if (typeof override === 'string') return `${text}: ${override}`
  const across = [...wanted.values()].find(
    (one) => overlaps(one.override.prefix, prefix) && comparePrefixes(one.override.prefix, prefix) !== 0,
  )
  if (across !== undefined) {
    return `overrides never nest, and ${formatPrefix(across.override.prefix)} lies across ${text}`
  }
  if (isClosed(surroundings.chain, to, prefix)) {
    return `the router behind ${toInterface} has moved traffic of ${text}: no two routers lead one prefix in a chain`
  }
  const aside = whySetAside(
    setAside.filter(({ kind }) => kind !== 'by hand'), prefix, toInterface, nowMs,
  )
  if (aside !== undefined) return `${text} is set aside: ${aside.why}`
  const { bps } = demand.movedBy(prefix)
  const from = router.interfaces.findIndex(({ name }) => name === override.fromInterface)
  const judged = { override, from, to, bps, before }
  if (before?.override.toInterface === toInterface) return judged
  return whyNoRoom(planning, loads, judged, changes, caps) ?? judged
}

/** Caps and watermarks: a pin may fill its exit up to the high watermark. */
function whyNoRoom(
  { router, wanted }: Planning,
  loads: PlannedLoads,
  { from, to, bps, before }: Judged,
  changes: number,
  caps: Planning['caps'],
): string | undefined {
  if (before === undefined && caps.overrides - wanted.size < 1) return 'limits.max_overrides is reached'
  if (changes < 1) return 'limits.max_changes_per_cycle is reached'
  const away = loads.awayShare(from, before === undefined ? bps : 0)
  if (away > caps.detouredShare) {
    return (
      `${formatShare(away)} of the traffic of ${router.interfaces[from]!.name} would be away, more than ` +
      `limits.max_detoured_share, ${formatShare(caps.detouredShare)}`
    )
  }
  const { name } = router.interfaces[to]!
  const roomBps = loads.highRoomBps(to)
  if (roomBps === undefined) return `the load or the speed of ${name} is not known`
  if (bps <= roomBps) return undefined
  const room = formatRate(Math.max(0, roomBps))
  return `${name} has room for ${room} below its high watermark, and it takes ${formatRate(bps)}`
}

function indexOf({ router }: Planning, name: string): number | undefined {
  const index = router.interfaces.findIndex((one) => one.name === name)
  return index < 0 ? undefined : index
}

function refuse(planning: Planning, { prefix, toInterface, reason }: Pin, why: string): void {
  const what = `${formatPrefix(prefix)} is not moved to ${toInterface} (${reason})`
  decide(planning, 'hold_back', { prefix, to: toInterface, dry: true }, `${what}: ${why}`)
}
