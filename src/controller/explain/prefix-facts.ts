/** What is known of a prefix: where it goes, why, and what stands between it and another exit. */
import type { Mode } from '../../model/mode.ts'
import type { Override } from '../../model/override.ts'
import type { Prefix } from '../../model/prefix.ts'
import type { Rate } from '../../model/rates.ts'
import type { Path } from '../../model/route.ts'
import type { EgressInterface, Router } from '../../model/topology.ts'
import type { Obstacle } from '../plan/candidates.ts'
import type { Unfinished } from '../plan/planning.ts'
import type { RecentMove } from '../plan/restless.ts'
import type { Permission, RouterSession } from '../ports.ts'
import type { TelemetryState } from '../report.ts'

/** As of the last cycle; rates in bit/s. */
export interface PrefixFacts {
  readonly atMs: number
  readonly router: Router
  /** The one that was asked about. */
  readonly prefix: Prefix
  /** The most specific received prefix that holds all of it; undefined: none does. */
  readonly received: { readonly prefix: Prefix; readonly paths: number } | undefined
  /** Longer received prefixes in it that have traffic, the largest first; undefined: too many to look at. */
  readonly inside: readonly { readonly prefix: Prefix; readonly bps: number }[] | undefined
  readonly natural: NaturalExit | undefined
  /** Towards its destinations, without those of `inside`. */
  readonly demand: Rate & { readonly errorBps: number; readonly by: readonly Leaving[] }
  readonly windowMs: number
  readonly alternates: readonly Alternate[]
  readonly overrides: readonly OverrideFacts[]
  /** The last move of it, or of what shares addresses with it, while that makes it restless: it moves after others. */
  readonly restless: RecentMove | undefined
  /** What would move if its natural exit were overloaded, in pieces; and what would not. */
  readonly movable: readonly { readonly prefix: Prefix; readonly bps: number; readonly to: string }[]
  readonly stuck: readonly StuckFacts[]
  readonly circumstances: Circumstances
}

/** How much of the demand leaves by an interface now. */
export interface Leaving {
  readonly interface: string
  readonly bps: number
}

export interface NaturalExit {
  readonly path: Path
  /** How many paths attributes alone cannot tell apart from it, itself among them. */
  readonly tied: number
  /** Undefined: it leaves by no configured interface. */
  readonly load: InterfaceLoad | undefined
}

export interface InterfaceLoad {
  readonly interface: EgressInterface
  /** Undefined before any measurement. */
  readonly naturalBps: number | undefined
  readonly plannedBps: number
  readonly errorBps: number
  /** Undefined while the speed is not known, and 0 then the marks. */
  readonly speedBps: number | undefined
  readonly highBps: number
  readonly targetBps: number
  readonly isOverloaded: boolean
  readonly isDown: boolean
  readonly unfinished: Unfinished | undefined
}

/** Another received path for it. */
export interface Alternate {
  readonly path: Path
  /** Undefined: it leaves by no configured interface. */
  readonly interface: string | undefined
  /** What fits below its relief target; undefined while its load or its speed is not known. */
  readonly roomBps: number | undefined
  /** Why nothing may be led to it, in words. */
  readonly closed: string | undefined
}

export interface OverrideFacts {
  readonly override: Override
  readonly isInstalled: boolean
  /** Decided only. */
  readonly dry: boolean
  readonly bps: number
  readonly movedShare: number | undefined
  /** It is held for so long yet, ms. */
  readonly heldMs: number
  /** What its home must have room for, with all that comes home together; and what room there is. */
  readonly needsBps: number
  readonly roomBps: number | undefined
  /** Of its home and its exit, those that were saturated within the window: more may want to leave there than was seen. */
  readonly hiddenBy: readonly string[]
}

export interface StuckFacts {
  readonly obstacle: Obstacle
  readonly prefix: Prefix
  readonly bps: number
  /** What it takes, in words. */
  readonly why: string
}

/** What holds for the router as a whole. */
export interface Circumstances {
  readonly mode: Mode
  readonly session: RouterSession
  readonly telemetryState: TelemetryState
  readonly telemetryFaults: readonly string[]
  readonly permission: Permission
  /** The last overrides moved nothing: no more are added for now. */
  readonly additionsPause: boolean
  /** The plan may add, and may bring home. */
  readonly mayChange: boolean
  readonly mayRelease: boolean
}
