/**
 * Steers one router: observe, decide, act. The controller calls these in turn. None of them waits long for
 * GoBGP: what it has not answered goes on beside, and until it has, this router is steered by what is
 * remembered.
 */
import { AlternateWatch } from './alternate-watch.ts'
import type { Clock } from '../model/clock.ts'
import type { Mode } from '../model/mode.ts'
import { comparePrefixes, formatPrefix, type Prefix } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import type { RouterTraffic } from '../model/traffic.ts'
import { disregardPermission } from './plan/disregard.ts'
import { findDistrust } from './telemetry/distrust.ts'
import { Exchange, type ExchangeHandover, type ExchangeParts } from './exchange.ts'
import { explainPrefix, type LastCycle } from './explain/explain.ts'
import type { PrefixFacts } from './explain/prefix-facts.ts'
import type { RouterRoutes } from './plan/exits.ts'
import { hasShifted, takeFooting, type Footing } from './footing.ts'
import { makePlanInput } from './make-plan-input.ts'
import { memoryOf, NOTHING_REMEMBERED, placed, unplaced, type RouterMemory } from './memory.ts'
import type { Observation } from './observation.ts'
import { unpin } from './plan/orders.ts'
import type { Pin, PinResult } from './plan/pin.ts'
import { strictest } from './permission.ts'
import { planRouter } from './plan/plan.ts'
import type { Caps, PlannedOverride, PlanPolicy } from './plan/planning.ts'
import type { RouteSource, SentSource, TrafficSource } from './ports.ts'
import type { OverrideForm } from './reconcile.ts'
import type { Outcome } from './send-changes.ts'
import { keepOut, rehabilitate, setAside, type KeptOut, type SetAside } from './plan/set-aside.ts'
import { judgeTelemetry, type SilencePolicy } from './telemetry/silence.ts'
import { ALONE } from './plan/shared-use.ts'
import { keepStories, type AllKeptOut, type AllStories, type Stories } from './stories.ts'
import { AT_START, noteSteadiness } from './telemetry/steadiness.ts'
import { giveVerdict, type Verdict } from './verdict.ts'

/** A session that awaits to be opened is left for so long to a Spillway that may inject. */
const OPENING_LEFT_MS = 5_000

/** Destinations looked up in a cycle for plans to come, at most: some 30 ms where no cache holds the table. */
const MATCHES_AHEAD = 20_000

export interface SteeringParts extends ExchangeParts {
  readonly policy: PlanPolicy & SilencePolicy
  /** Over which rates are measured. */
  readonly windowMs: number
  readonly form: OverrideForm
  readonly traffic: TrafficSource
  readonly routes: RouteSource
  readonly sent: SentSource
  /** What an earlier process left to be known of its overrides. */
  readonly stories: AllStories
  readonly keptOut: AllKeptOut
}

/** What a steering of the same router that takes over has to know. */
export interface SteeringHandover {
  readonly memory: RouterMemory
  readonly exchange: ExchangeHandover
  /** Prefixes of overrides that this process installed or adopted: in dry-run it may withdraw no others. */
  readonly owned: ReadonlySet<string>
  readonly stories: Stories
  readonly routeChanges: { readonly add: number; readonly withdraw: number }
  /** Since when the router's telemetry contradicts itself: a reload must not keep alive what stands on it. */
  readonly distrustedSinceMs: number | undefined
}

export interface PinOrder {
  readonly pin: Pin
  /** Undefined until it is decided. */
  result: PinResult | undefined
}

export class RouterSteering {
  readonly router: Router
  /** Overrides sent to GoBGP and taken by it, since start. */
  readonly routeChanges: { add: number; withdraw: number }
  readonly #parts: SteeringParts
  readonly #routes: RouterRoutes
  /** The mode is dry_run, or was when it was frozen. */
  #decidesOnly = false
  readonly #startedMs: number
  #memory: RouterMemory
  /** When GoBGP last told what it holds. */
  #lastListMs: number
  readonly #owned: Set<string>
  /** Of what GoBGP may hold of ours, whether it is wanted or not. */
  #stories: Stories
  #steadiness = AT_START
  /** Of the overrides of the last plan. */
  #footing: Footing = []
  readonly #exchange: Exchange
  readonly #alternateWatch = new AlternateWatch()
  #awaitsOpenSinceMs: number | undefined
  readonly #orders: PinOrder[] = []
  /** Since when the router's telemetry contradicts itself. */
  #distrustedSinceMs: number | undefined
  #lastCycle: LastCycle | undefined

  constructor(router: Router, parts: SteeringParts, startedMs: number, before?: SteeringHandover) {
    this.router = router
    this.#parts = parts
    this.#exchange = new Exchange(router, parts, before?.exchange)
    this.#lastListMs = before?.exchange.listedMs ?? -Infinity
    this.#startedMs = startedMs
    const aside = (parts.keptOut.get(router.name) ?? []).reduce<readonly SetAside[]>(keepOut, [])
    this.#memory = before?.memory ?? { ...NOTHING_REMEMBERED, setAside: aside }
    this.#owned = new Set(before?.owned)
    this.#stories = before?.stories ?? parts.stories.get(router.name) ?? new Map()
    this.routeChanges = { add: 0, withdraw: 0, ...before?.routeChanges }
    this.#distrustedSinceMs = before?.distrustedSinceMs
    this.#routes = {
      longestMatch: (address) => parts.routes.longestMatch(router.name, address),
      matches: (rates) => parts.routes.matches(router.name, rates),
      covering: (prefix) => parts.routes.covering(router.name, prefix),
      nextHops: () => parts.routes.nextHops(router.name),
    }
  }

  /** For the steering that takes over; `name`: what the router is called from then on. */
  handover(name = this.router.name): SteeringHandover {
    const { routeChanges } = this
    const planned = this.#memory.planned.map(({ override, dry }) => ({
      override: { ...override, router: name },
      dry,
    }))
    return {
      memory: { ...this.#memory, planned },
      exchange: this.#exchange.handover(),
      owned: this.#owned,
      stories: this.#stories,
      routeChanges,
      distrustedSinceMs: this.#distrustedSinceMs,
    }
  }

  /** Resolves in a second at most. */
  async observe(nowMs: number, mode: Mode): Promise<Observation> {
    const { traffic, routes, policy } = this.#parts
    const { name } = this.router
    const installed = await this.#exchange.ask(nowMs, !this.#dryIn(mode) || this.#owned.size > 0)
    const seen = traffic.traffic(name, nowMs)
    this.#distrustedSinceMs =
      findDistrust(seen.interfaces).length > 0 ? (this.#distrustedSinceMs ?? nowMs) : undefined
    const { state, faults } = judgeTelemetry({
      traffic: seen,
      nowMs,
      listeningSinceMs: this.#startedMs,
      distrustedSinceMs: this.#distrustedSinceMs,
      policy,
    })
    return {
      nowMs,
      traffic: seen,
      telemetryState: state,
      telemetryFaults: faults,
      session: routes.session(name),
      installed,
      gobgpAnswers: this.#exchange.answers(nowMs),
      permission: strictest([this.#exchange.permission, disregardPermission(this.#memory.disregard, nowMs)]),
    }
  }

  /**
   * Overrides of this router that count against the caps: GoBGP's, or what we last wanted when it does not
   * answer.
   */
  held({ installed }: Observation): number {
    return installed?.length ?? this.#memory.planned.filter(({ dry }) => !dry).length
  }

  decide(observation: Observation, mode: Mode, caps: Caps, surroundings = ALONE): Verdict {
    const { nowMs, session, installed, permission } = observation
    if (mode !== 'frozen') this.#decidesOnly = mode === 'dry_run'
    const dryRun = this.#dryIn(mode) || permission.kind === 'stand_by'
    this.#steadiness = noteSteadiness(this.#steadiness, observation)
    const orders = this.#orders.splice(0)
    const input = makePlanInput({
      router: this.router,
      routes: this.#routes,
      policy: this.#parts.policy,
      windowMs: this.#parts.windowMs,
      memory: this.#memory,
      stories: this.#stories,
      steadiness: this.#steadiness,
      observation,
      lastListMs: this.#lastListMs,
      mode,
      dryRun,
      caps,
      surroundings,
      pins: orders.map(({ pin }) => pin),
      unsent: this.#parts.sent.unsent(this.router.name),
    })
    if (installed !== undefined) this.#lastListMs = nowMs
    const plan = planRouter(input)
    for (const order of orders) order.result = plan.pins.find(({ pin }) => pin === order.pin)
    // A plan that had no need of them leaves it to one that has.
    this.#parts.routes.prepareMatches(this.router.name, input.traffic.rates, MATCHES_AHEAD)
    this.#lastCycle = { input, plan, seen: observation, mode }
    this.#memory = { ...memoryOf(plan), saturations: input.saturations }
    this.#stories = keepStories(this.#stories, plan.overrides, installed)
    // Where nothing can be sent, as GoBGP has not told what it holds, what has shifted is still to be answered.
    if (installed !== undefined) this.#footing = takeFooting(plan.overrides, this.#routes)
    if (installed !== undefined && permission.kind !== 'stand_by') {
      for (const { override, dry } of plan.overrides) if (!dry) this.#owned.add(formatPrefix(override.prefix))
    }
    this.#awaitsOpenSinceMs = session.awaitsOpen === true ? (this.#awaitsOpenSinceMs ?? nowMs) : undefined
    return giveVerdict(this.router.name, plan, observation, {
      mode,
      dryRun,
      owned: this.#owned,
      lost: this.#exchange.lostWithin(nowMs, this.#parts.policy.withdrawAfterMs),
      opensAnyway: nowMs - (this.#awaitsOpenSinceMs ?? nowMs) >= OPENING_LEFT_MS,
      form: this.#parts.form,
    })
  }

  /** An operator's pin, for the next decision, which puts its result here. */
  order(pin: Pin): PinOrder {
    const order: PinOrder = { pin, result: undefined }
    this.#orders.push(order)
    return order
  }

  /** An operator withdraws an override: the next decision ends it, and keeps it out. */
  keepOut(keptOut: KeptOut): void {
    const { setAside: aside, planned } = this.#memory
    this.#remember({ setAside: keepOut(aside, keptOut), planned: unpin(planned, keptOut.prefix) })
  }

  /** What the last decision was made on; undefined before the first. */
  get traffic(): RouterTraffic | undefined {
    return this.#lastCycle?.input.traffic
  }

  /** What is known of a prefix as of the last decision; undefined before the first. */
  explain(prefix: Prefix): PrefixFacts | undefined {
    return this.#lastCycle && explainPrefix(this.#lastCycle, prefix)
  }

  /** By interface index, bit/s that no relief could move; undefined until that is known. To be asked once a cycle. */
  withoutAlternate(seen: Observation): readonly number[] | undefined {
    return this.#alternateWatch.look(this.router, seen, this.#parts.routes)
  }

  /**
   * True when a route that an override stands on has changed since the last decision, or the session has
   * gone.
   */
  hasLostFooting(): boolean {
    return hasShifted(this.#footing, this.#routes)
  }

  /** Resolves when GoBGP has answered all of the verdict's changes, in two seconds at most; never rejects. */
  async act({ changes, opens }: Verdict, observation: Observation, clock: Clock): Promise<Outcome> {
    const failures = await this.#exchange.send(changes, opens, {
      withdrawn: ({ prefix }) => this.#noteGone(prefix, clock()),
      added: (override) => {
        this.#remember({
          placements: placed(this.#memory.placements, override, clock()),
          setAside: rehabilitate(this.#memory.setAside, 'refused', override),
        })
        this.routeChanges.add++
      },
      refused: (failure) => {
        const override = changes.add.find((added) => added === failure.key)
        if (override === undefined) return
        const refused = { ...override, kind: 'refused', why: `GoBGP refuses it: ${failure.error}` } as const
        this.#remember({ setAside: setAside(this.#memory.setAside, refused, clock()) })
      },
    })
    return { installed: new Set(observation.gobgpAnswers ? this.#exchange.installed : []), failures }
  }

  /** An override was withdrawn besides; one that may not return is not wanted any more. */
  noteWithdrawn(prefix: Prefix, nowMs: number, mayReturn: boolean): void {
    this.#exchange.noteWithdrawn(prefix)
    this.#noteGone(prefix, nowMs)
    if (mayReturn) return
    const isIt = ({ override }: PlannedOverride): boolean => comparePrefixes(override.prefix, prefix) === 0
    this.#remember({ planned: this.#memory.planned.filter((one) => !isIt(one)) })
  }

  #noteGone(prefix: Prefix, nowMs: number): void {
    this.#remember({ placements: unplaced(this.#memory.placements, prefix, nowMs) })
    this.#owned.delete(formatPrefix(prefix))
    this.routeChanges.withdraw++
  }

  /**
   * Nothing is sent in this mode. Freezing a dry-run must not make it real: what others installed stays
   * theirs.
   */
  #dryIn(mode: Mode): boolean {
    return mode === 'dry_run' || (mode === 'frozen' && this.#decidesOnly)
  }

  #remember(changes: Partial<RouterMemory>): void {
    this.#memory = { ...this.#memory, ...changes }
  }
}
