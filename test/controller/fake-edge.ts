/** The controller's ports over a world in memory: a router that follows what a GoBGP in memory holds. */
import type { Gate, OverrideStore, Permission, RouterSession, RouteSource, SentSource, SessionOpener, TrafficSource } from '../../src/controller/ports.ts'
import type { SteeringParts } from '../../src/controller/router-steering.ts'
import type { InstalledOverride, Override, OverrideKey } from '../../src/model/override.ts'
import type { Matches } from '../../src/model/matches.ts'
import { formatAddress, formatPrefix, type Address, type Prefix } from '../../src/model/prefix.ts'
import type { Rates } from '../../src/model/rates.ts'
import { NO_EXPORT, type Route, type RpkiState } from '../../src/model/route.ts'
import type { Router } from '../../src/model/topology.ts'
import type { RouterTraffic } from '../../src/model/traffic.ts'
import { makeInterface, makePath, makeRouter, makeRoutes, MBPS, POLICY, World, type Flow } from './world.ts'

export const FORM = { localPref: 500, marker: 64512 * 65536 + 100 }

/** What GoBGP gives back of an override that it took. */
export function asInstalled({ router, prefix, follows, sinceMs, pinnedUntilMs }: Override, fromIfIndex: number): InstalledOverride {
  const attributes = { ...follows, localPref: FORM.localPref, communities: [FORM.marker, NO_EXPORT] }
  return { router, prefix, attributes, fromIfIndex, sinceMs, pinnedUntilMs }
}

/** A peer and a transit of 100 Mbps, both with the prefixes `1.0.0.0/24` to `6.0.0.0/24`. */
export function makeWorld(mbps: readonly number[], settings: Partial<Router> = {}): World {
  const paths = [1, 2, 3, 4, 5, 6].flatMap((n) => [makePath(`${n}.0.0.0/24`, 0), makePath(`${n}.0.0.0/24`, 1)])
  return new World(makeRouter([makeInterface(0), makeInterface(1)], settings), paths, flowsOf(mbps))
}

/** The n-th rate goes to `n.0.0.1`. */
export function flowsOf(mbps: readonly number[]): Flow[] {
  return mbps.map((rate, i) => ({ to: `${i + 1}.0.0.1`, bps: rate * MBPS }))
}

export class FakeEdge implements TrafficSource, RouteSource, OverrideStore, SentSource, SessionOpener, Gate {
  readonly installed = new Map<string, InstalledOverride>()
  /** `add PREFIX` and `withdraw PREFIX`, as they came. */
  readonly calls: string[] = []
  /** Destinations that were looked up ahead last. */
  prepared: readonly string[] = []
  sessionState: RouterSession = { up: true, synced: true }
  /** GoBGP does not answer at all. */
  away = false
  /** Prefixes whose changes GoBGP refuses. */
  readonly refuses = new Set<string>()
  /** Prefixes whose overrides the router takes and does not forward by; `all` of them. */
  readonly disregards = new Set<string>()
  /** GoBGP holds all, and sends none of it, for this reason. */
  sendsNothing: string | undefined
  /** Every call to GoBGP waits for it. */
  hanging: Promise<void> | undefined
  permitted: Permission = { kind: 'granted' }
  /** The last answer to whether anything can be sent. */
  mayAct: boolean | undefined
  /** When the router was last heard; undefined: it is heard all the time. */
  lastHeardMs: number | undefined
  readonly world: World

  constructor(world: World) {
    this.world = world
  }

  prefixes(): string[] {
    return [...this.installed.keys()].sort()
  }

  parts(settings: Partial<SteeringParts> = {}): SteeringParts {
    return {
      policy: { ...POLICY, staleAfterMs: 60_000, withdrawAfterMs: 300_000 },
      windowMs: 30_000,
      form: FORM,
      traffic: this,
      routes: this,
      overrides: this,
      sent: this,
      sessions: this,
      stories: new Map(),
      keptOut: new Map(),
      gates: [this],
      ...settings,
    }
  }

  traffic(_router: string, nowMs: number): RouterTraffic {
    const { world } = this
    world.nowMs = nowMs
    const heeded = [...this.installed.values()].filter(
      ({ prefix }) => !this.disregards.has('all') && !this.disregards.has(formatPrefix(prefix)),
    )
    world.planned = heeded.map(({ attributes, ...key }) => ({
      override: { ...key, parentPrefix: key.prefix, fromInterface: '', toInterface: '', follows: attributes, sinceMs: 0, reason: '' },
      dry: false,
    }))
    const seen = world.traffic()
    const heard = this.lastHeardMs ?? nowMs
    return { ...seen, telemetry: { ...seen.telemetry, lastFlowMs: heard, lastCounterMs: heard } }
  }

  longestMatch(_router: string, address: Address): Route | undefined {
    return this.world.routes.longestMatch(address)
  }
  matches(_router: string, rates: Rates): Matches {
    return this.world.routes.matches(rates)
  }
  prepareMatches(_router: string, rates: Rates): void {
    this.prepared = rates.rows.map(({ address }) => formatAddress(address))
  }
  covering(_router: string, prefix: Prefix): readonly Route[] {
    return this.world.routes.covering(prefix)
  }
  pathsTowards(_router: string, prefix: Prefix, take: (nextHop: Address, rpki: RpkiState) => void): void {
    for (const route of this.world.routes.covering(prefix)) for (const { nextHop, rpki } of route.paths) take(nextHop, rpki)
  }
  nextHops(): Iterable<Address> {
    return this.world.routes.nextHops()
  }
  session(): RouterSession {
    return this.sessionState
  }

  unsent(): ReadonlyMap<string, string> {
    const why = this.sendsNothing
    return new Map(why === undefined ? [] : [...this.installed.keys()].map((prefix) => [prefix, why]))
  }

  open(): Promise<void> {
    this.calls.push('open')
    const { up, synced } = this.sessionState
    this.sessionState = { up, synced }
    return Promise.resolve()
  }

  permission(_router: string, mayAct: boolean): Promise<Permission> {
    this.mayAct = mayAct
    return Promise.resolve(this.permitted)
  }

  async list(): Promise<readonly InstalledOverride[]> {
    await this.#answer()
    return [...this.installed.values()]
  }
  async add(override: Override, fromIfIndex: number): Promise<void> {
    await this.#answer()
    this.#take('add', override)
    this.installed.set(formatPrefix(override.prefix), asInstalled(override, fromIfIndex))
  }
  async withdraw(key: OverrideKey): Promise<void> {
    await this.#answer()
    this.#take('withdraw', key)
    this.installed.delete(formatPrefix(key.prefix))
  }

  async #answer(): Promise<void> {
    await this.hanging
    if (this.away) throw new Error('gobgpd is away')
  }
  #take(action: string, { prefix }: OverrideKey): void {
    const text = formatPrefix(prefix)
    this.calls.push(`${action} ${text}`)
    if (this.refuses.has(text)) throw new Error(`refused: ${text}`)
  }

  /** Other routes than before, from paths. */
  receive(...paths: Parameters<typeof makeRoutes>[0]): void {
    this.world.routes = makeRoutes(paths)
  }
}
