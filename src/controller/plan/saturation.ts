/** Links that drop: what they carry says little about what should leave by them. Pure. */
import type { RouterTraffic } from '../../model/traffic.ts'

/** An interface's last sign of it. */
export interface Saturation {
  /** `outDiscards` when last looked at. */
  readonly discards: number
  /** When it was last saturated, ms; -Infinity: never. */
  readonly lastMs: number
}

/** By interface name. */
export type Saturations = ReadonlyMap<string, Saturation>

/** A link that carries this share of its speed may well drop. */
const FULL = 0.98
/** Above this share it drops demand when its discards rise; below, they come from bursts. */
const NEARLY_FULL = 0.9
/**
 * Demand that is seen only behind a saturated link may be larger by this share: it is measured by what got
 * through.
 */
const HIDDEN = 0.5

/** After another look. */
export function noteSaturations(before: Saturations, traffic: RouterTraffic, nowMs: number): Saturations {
  return new Map(
    traffic.interfaces.map(({ name, outBps = 0, speedBps = Infinity, outDiscards }) => {
      const last = before.get(name)
      const drops = last !== undefined && outDiscards > last.discards
      const isSaturated = outBps >= (drops ? NEARLY_FULL : FULL) * speedBps
      return [name, { discards: outDiscards, lastMs: isSaturated ? nowMs : (last?.lastMs ?? -Infinity) }]
    }),
  )
}

/** True when what was measured at the interface over the window may be less than what should leave by it. */
export function hidesDemand(
  { saturations, windowMs, nowMs }: { saturations: Saturations; windowMs: number; nowMs: number },
  interfaceName: string,
): boolean {
  return nowMs - (saturations.get(interfaceName)?.lastMs ?? -Infinity) <= windowMs
}

/** Share (of 1) by which demand that is measured there may be larger. */
export function hiddenShare(looked: Parameters<typeof hidesDemand>[0], interfaceName: string): number {
  return hidesDemand(looked, interfaceName) ? HIDDEN : 0
}
