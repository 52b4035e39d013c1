/** Steers one router: observe, decide, act. The controller calls these in turn. */
import type { Decision } from '../model/decision.ts'
import { messageOf } from '../model/error-message.ts'
import type { Mode } from '../model/mode.ts'
import type { InstalledOverride, OverrideKey } from '../model/override.ts'
import { contains, formatPrefix, type Prefix } from '../model/prefix.ts'
import type { Clock } from '../model/clock.ts'
import type { Router } from '../model/topology.ts'
import type { RouterTraffic } from '../model/traffic.ts'
import type { RouterRoutes } from './exits.ts'
import {
  currentOverrides,
  givenUp,
  NOTHING_REMEMBERED,
  observePlacements,
  placed,
  recentRefusals,
  refusedOnceMore,
  unplaced,
  type Refusals,
  type RouterMemory,
} from './memory.ts'
import { planRouter, type RouterPlan } from './plan.ts'
import type { Caps, PlanPolicy } from './planning.ts'
import type { OverrideStore, RouterSession, RouteSource, TrafficSource } from './ports.ts'
import { reconcile, type Changes, type OverrideForm } from './reconcile.ts'
import type { TelemetryState } from './report.ts'
import { telemetryState, type SilencePolicy } from './silence.ts'

/** After a session came up, its routes need a moment to arrive; until then nothing is added or released. */
const ROUTES_SETTLE_MS = 5000

export interface SteeringParts {
  readonly policy: PlanPolicy & SilencePolicy
  /** Over which rates are measured. */
  readonly windowMs: number
  readonly form: OverrideForm
  readonly traffic: TrafficSource
  readonly routes: RouteSource
  readonly overrides: OverrideStore
}

/** What the world looked like at the start of a cycle. */
export interface Observation {
  readonly nowMs: number
  readonly traffic: RouterTraffic
  readonly telemetryState: TelemetryState
  readonly session: RouterSession
  /** What GoBGP holds of ours; undefined when it did not answer. */
  readonly installed: readonly InstalledOverride[] | undefined
}

/** What is to be done, and why. */
export interface Verdict {
  readonly plan: RouterPlan
  readonly changes: Changes
  readonly decisions: readonly Decision[]
}

/** What became of it. */
export interface Outcome {
  /** Prefixes of overrides that GoBGP holds now. */
  readonly installed: ReadonlySet<string>
  readonly failures: readonly { readonly key: OverrideKey; readonly action: 'add' | 'withdraw'; readonly error: string }[]
}

/** What a steering of the same router that takes over has to know. */
export interface SteeringHandover {
  readonly memory: RouterMemory
  /** Prefixes of overrides that this process installed or adopted: in dry-run it may withdraw no others. */
  readonly owned: ReadonlySet<string>
  readonly routeChanges: { readonly add: number; readonly withdraw: number }
}

const NO_CHANGES: Changes = { add: [], withdraw: [] }

export class RouterSteering {
  readonly router: Router
  /** Overrides sent to GoBGP and taken by it, since start. */
  readonly routeChanges: { add: number; withdraw: number }
  readonly #parts: SteeringParts
  readonly #routes: RouterRoutes
  readonly #dryRunOnly: boolean
  /** The mode is dry_run, or was when it was frozen. */
  #decidesOnly = false
  readonly #startedMs: number
  #memory: RouterMemory
  #refusals: Refusals = new Map()
  /** When GoBGP last told what it holds. */
  #lastListMs = -Infinity
  readonly #owned: Set<string>
  #upSinceMs: number | undefined = -Infinity
  #freshSinceMs: number | undefined

  /** `dryRunOnly`: whatever the mode, nothing may be sent for this router. */
  constructor(router: Router, parts: SteeringParts, dryRunOnly: boolean, startedMs: number, before?: SteeringHandover) {
    this.router = router
    this.#parts = parts
    this.#dryRunOnly = dryRunOnly
    this.#startedMs = startedMs
    this.#memory = before?.memory ?? NOTHING_REMEMBERED
    this.#owned = new Set(before?.owned)
    this.routeChanges = { add: 0, withdraw: 0, ...before?.routeChanges }
    this.#routes = {
      longestMatch: (address) => parts.routes.longestMatch(router.name, address),
      covering: (prefix) => parts.routes.covering(router.name, prefix),
      nextHops: () => parts.routes.nextHops(router.name),
    }
  }

  handover(): SteeringHandover {
    return { memory: this.#memory, owned: this.#owned, routeChanges: this.routeChanges }
  }

  async observe(nowMs: number): Promise<Observation> {
    const { traffic, routes, overrides, policy } = this.#parts
    const installed = await overrides.list(this.router.name).catch(() => undefined)
    const seen = traffic.traffic(this.router.name, nowMs)
    return {
      nowMs,
      traffic: seen,
      telemetryState: telemetryState(seen.telemetry, seen.interfaces, nowMs, this.#startedMs, policy),
      session: routes.session(this.router.name),
      installed,
    }
  }

  /** Overrides of this router that count against the caps: GoBGP's, or what we last wanted when it does not answer. */
  held({ installed }: Observation): number {
    return installed?.length ?? this.#memory.planned.filter(({ dry }) => !dry).length
  }

  decide(observation: Observation, mode: Mode, caps: Caps): Verdict {
    const { nowMs, traffic, session, installed } = observation
    // Freezing a dry-run must not make it real: what others installed stays theirs.
    if (mode !== 'frozen') this.#decidesOnly = mode === 'dry_run'
    const dryRun = this.#decidesOnly || this.#dryRunOnly
    const gone = withdrawAllReason(observation, mode)
    const known = installed ?? []
    this.#refusals = recentRefusals(this.#refusals, nowMs)
    const refused = givenUp(this.#refusals)
    // What GoBGP keeps refusing moves no traffic: to believe in it would leave its interface full.
    const planned = this.#memory.planned.filter(({ override }) => !refused.has(formatPrefix(override.prefix)))
    const current =
      installed === undefined
        ? this.#memory.planned
        : gone === undefined
          ? currentOverrides({ ...this.#memory, planned }, known, this.router, dryRun, nowMs)
          : []
    const placements =
      installed === undefined
        ? this.#memory.placements
        : observePlacements(this.#memory.placements, known, this.router, nowMs, this.#lastListMs)
    if (installed !== undefined) this.#lastListMs = nowMs
    if (!session.up) this.#upSinceMs = undefined
    else this.#upSinceMs ??= nowMs
    if (observation.telemetryState !== 'fresh') this.#freshSinceMs = undefined
    else this.#freshSinceMs ??= nowMs
    const settled = this.#upSinceMs !== undefined && nowMs - this.#upSinceMs >= ROUTES_SETTLE_MS
    const plan = planRouter({
      nowMs,
      router: this.router,
      policy: this.#parts.policy,
      caps,
      traffic,
      routes: this.#routes,
      current,
      placements,
      unfinished: this.#memory.unfinished,
      refused,
      dryRun,
      routesKnown: session.synced && installed !== undefined,
      mayChange: gone === undefined && mode !== 'frozen' && settled && this.#freshSinceMs !== undefined,
      mayRelease: nowMs - (this.#freshSinceMs ?? nowMs) >= this.#parts.windowMs,
    })
    this.#memory = { planned: plan.overrides, placements: plan.placements, unfinished: plan.unfinished }
    if (installed === undefined) return { plan, changes: NO_CHANGES, decisions: plan.decisions }
    const wanted = plan.overrides.filter(({ dry }) => !dry).map(({ override }) => override)
    for (const { prefix } of wanted) this.#owned.add(formatPrefix(prefix))
    const mayWithdraw = ({ prefix }: OverrideKey): boolean => !dryRun || this.#owned.has(formatPrefix(prefix))
    const { add, withdraw } = reconcile(wanted, installed, this.#parts.form, mode === 'off' ? () => true : mayWithdraw)
    // Guard 5: while the routes are not known, nothing covers an addition, not even of what GoBGP has lost.
    const changes = { add: session.synced ? add : [], withdraw }
    const onlyDecided = new Set(plan.overrides.filter(({ dry }) => dry).map(({ override }) => formatPrefix(override.prefix)))
    const reasonFor = (prefix: Prefix): string =>
      gone ??
      (dryRun || onlyDecided.has(formatPrefix(prefix)) ? 'it is only decided now (dry-run)' : 'it is not wanted any more')
    const withdrawals = unexplained(changes, plan).map((prefix) => this.#withdrawn(prefix, reasonFor(prefix), nowMs))
    return { plan, changes, decisions: [...plan.decisions, ...withdrawals] }
  }

  /** Withdraws, then adds: what leaves makes room for what comes. */
  async act({ changes }: Verdict, observation: Observation, clock: Clock): Promise<Outcome> {
    const { overrides } = this.#parts
    const installed = new Set((observation.installed ?? []).map(({ prefix }) => formatPrefix(prefix)))
    const failures: Outcome['failures'][number][] = []
    await Promise.all(
      changes.withdraw.map(async (key) => {
        try {
          await overrides.withdraw({ router: this.router.name, prefix: key.prefix })
          this.#remember(unplaced(this.#memory.placements, key.prefix, clock()))
          installed.delete(formatPrefix(key.prefix))
          this.#owned.delete(formatPrefix(key.prefix))
          this.routeChanges.withdraw++
        } catch (error) {
          failures.push({ key, action: 'withdraw', error: messageOf(error) })
        }
      }),
    )
    await Promise.all(
      changes.add.map(async (override) => {
        const from = this.router.interfaces.find(({ name }) => name === override.fromInterface)
        try {
          await overrides.add(override, from?.ifIndex ?? 0)
          this.#remember(placed(this.#memory.placements, override, clock()))
          installed.add(formatPrefix(override.prefix))
          this.#refusals = new Map([...this.#refusals].filter(([prefix]) => prefix !== formatPrefix(override.prefix)))
          this.routeChanges.add++
        } catch (error) {
          this.#refusals = refusedOnceMore(this.#refusals, override.prefix, clock())
          failures.push({ key: override, action: 'add', error: messageOf(error) })
        }
      }),
    )
    return { installed, failures }
  }

  #remember(placements: RouterMemory['placements']): void {
    this.#memory = { ...this.#memory, placements }
  }

  #withdrawn(prefix: Prefix, reason: string, atMs: number): Decision {
    return {
      atMs,
      router: this.router.name,
      kind: 'withdraw',
      prefix,
      fromInterface: undefined,
      toInterface: undefined,
      bps: undefined,
      reason: `${formatPrefix(prefix)} is withdrawn: ${reason}`,
      inputs: {},
      acted: true,
    }
  }
}

/** Why everything of a router must go; undefined when it need not. */
function withdrawAllReason({ telemetryState, nowMs, traffic }: Observation, mode: Mode): string | undefined {
  if (mode === 'off') return 'the mode is off'
  if (telemetryState !== 'lost') return undefined
  const { lastFlowMs, lastCounterMs } = traffic.telemetry
  const ago = (ms: number | undefined): string => (ms === undefined ? 'never' : `${Math.round((nowMs - ms) / 1000)} s ago`)
  return `the router's telemetry is lost (last samples ${ago(lastFlowMs)}, last counters ${ago(lastCounterMs)})`
}

/** Withdrawals that no decision of the plan is about. */
function unexplained({ withdraw }: Changes, { decisions }: RouterPlan): Prefix[] {
  return withdraw
    .map(({ prefix }) => prefix)
    .filter((prefix) => !decisions.some((d) => d.acted && d.prefix !== undefined && contains(d.prefix, prefix)))
}
