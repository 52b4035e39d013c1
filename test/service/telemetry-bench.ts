/**
 * Two routers whose sFlow agents send real datagrams to a real collector, and a controller that steers by it, on a
 * clock that the test turns: minutes of silence pass in a moment. GoBGP is one in memory.
 */
import { createSocket, type Socket } from 'node:dgram'
import { pino } from 'pino'
import { createCollector, type Collector } from '../../src/collector/collector.ts'
import { findAlarms } from '../../src/controller/alarms.ts'
import { createController, type Controller, type ControllerHandover } from '../../src/controller/controller.ts'
import type { RouterReport } from '../../src/controller/report.ts'
import type { Decision } from '../../src/model/decision.ts'
import { parseAddress } from '../../src/model/prefix.ts'
import { FakeEdge, flowsOf } from '../controller/fake-edge.ts'
import { makeInterface, makePath, makeRouter, World } from '../controller/world.ts'
import { poisson, randomOf } from '../collector/simulated-link.ts'
import { countersSample, datagram, extendedRouter, flowSample, frame, rawHeader, type TestAddress } from '../collector/sflow-datagram.ts'

const LOGGER = pino({ level: 'silent' })
const FRAME_BYTES = 1000
const SERVERS_IFINDEX = 99
export const COUNTERS_EVERY_S = 10
export const WITHDRAW_AFTER_S = 300

/** What a router's agents do wrong from now on. */
export interface Lies {
  /** Agents that send no samples, or no counters: 0 is that of the peer, 1 that of the transit. */
  withoutFlows: readonly number[]
  withoutCounters: readonly number[]
  samplingRate: number
  /** Samples claim to stand for so many times what they do; octets advance so many times faster. */
  flowFactor: number
  octetFactor: number
  /** Added to the peer's octets in the next counter sample only, and its ifSpeed there. */
  octetsOnce: number
  speedOnce: number | undefined
  /** ifIndex of the peer and of the transit. */
  ifIndexes: readonly [number, number]
  /** Samples tell no next hop. */
  withoutNextHops: boolean
  /** ifSpeed of the peer and of the transit, bit/s. */
  speeds: readonly [number, number]
}

/** A router with a peer and a transit of 100 Mbps, each on a line card with an agent of its own. */
export class TestRouter {
  readonly edge: FakeEdge
  readonly agents: readonly TestAddress[]
  readonly lies: Lies = {
    withoutFlows: [], withoutCounters: [], samplingRate: 100, flowFactor: 1, octetFactor: 1, octetsOnce: 0, speedOnce: undefined,
    ifIndexes: [1, 2], withoutNextHops: false, speeds: [100e6, 100e6],
  }
  readonly #random: () => number
  readonly #octets = [1e9, 1e9]
  readonly #sequences = [0, 0]
  /** When the agents last started. */
  bootedMs = 0

  constructor(name: string, n: number) {
    const agents = [`10.1.${n}.1`, `10.1.${n}.2`].map(parseAddress)
    // Without a configured speed: it is the counters that tell it.
    const interfaces = [0, 1].map((i) => ({ ...makeInterface(i), router: name, speedBps: undefined }))
    const paths = [1, 2, 3, 4, 5, 6].flatMap((p) => [makePath(`${p}.0.0.0/24`, 0), makePath(`${p}.0.0.0/24`, 1)])
    this.edge = new FakeEdge(new World(makeRouter(interfaces, { name, sflowAgents: agents }), paths, []))
    this.agents = agents
    this.#random = randomOf(n)
  }

  carry(mbps: readonly number[]): void {
    this.edge.world.flows = flowsOf(mbps)
  }

  /** What the agents send of the last second. */
  second(nowMs: number): Buffer[] {
    const { world } = this.edge
    const { lies } = this
    this.edge.traffic('', nowMs)
    const samples: Buffer[][] = [[], []]
    for (const { to, bps } of world.flows) {
      const address = parseAddress(to)
      const exit = world.exitOf(address)
      if (exit === undefined) continue
      this.#octets[exit]! += (bps / 8) * lies.octetFactor
      const taken = poisson(bps / 8 / FRAME_BYTES / lies.samplingRate, this.#random)
      const nextHop = lies.withoutNextHops ? [] : [extendedRouter(parseAddress(`172.16.${exit}.1`))]
      const sample = flowSample({
        samplingRate: lies.samplingRate * lies.flowFactor, sourceIndex: SERVERS_IFINDEX, input: SERVERS_IFINDEX,
        output: lies.ifIndexes[exit]!, records: [rawHeader(FRAME_BYTES, frame(address)), ...nextHop],
      })
      for (let i = 0; i < taken; i++) samples[exit]!.push(sample)
    }
    const sendsCounters = Math.round(nowMs / 1000) % COUNTERS_EVERY_S === 0
    return [0, 1].flatMap((agent) => {
      const flows = lies.withoutFlows.includes(agent) ? [] : this.#heartbeat(samples[agent]!, agent)
      const counters = sendsCounters && !lies.withoutCounters.includes(agent) ? [this.#counters(agent)] : []
      const uptimeMs = nowMs - this.bootedMs
      return [...chunk(flows, 100), counters].flatMap((part) =>
        part.length === 0 ? [] : [datagram({ agent: this.agents[agent]!, sequence: ++this.#sequences[agent]!, uptimeMs }, part)],
      )
    })
  }

  /** Every line card has some traffic towards the servers to sample. */
  #heartbeat(samples: Buffer[], agent: number): Buffer[] {
    const inward = { input: agent + 1, sourceIndex: agent + 1, output: SERVERS_IFINDEX, samplingRate: this.lies.samplingRate }
    return [flowSample({ ...inward, records: [rawHeader(FRAME_BYTES, frame(parseAddress('192.0.2.1')))] }), ...samples]
  }

  #counters(agent: number): Buffer {
    const { lies } = this
    const isPeer = agent === 0
    const sample = countersSample({
      ifIndex: lies.ifIndexes[agent]!,
      outOctets: Math.round(this.#octets[agent]! + (isPeer ? lies.octetsOnce : 0)),
      speedBps: isPeer ? (lies.speedOnce ?? lies.speeds[0]) : lies.speeds[1],
    })
    if (isPeer) Object.assign(lies, { octetsOnce: 0, speedOnce: undefined })
    return sample
  }

  /** The line cards restart: uptime and octets begin anew. */
  reboot(nowMs: number): void {
    this.bootedMs = nowMs
    this.#octets.fill(0)
    this.#sequences.fill(0)
  }
}

export class TelemetryBench {
  readonly rtr1 = new TestRouter('rtr1', 1)
  readonly rtr2 = new TestRouter('rtr2', 2)
  readonly #routers = [this.rtr1, this.rtr2]
  readonly #socket: Socket = createSocket('udp4')
  #collector!: Collector
  #controller!: Controller
  /** Far from any wall clock. */
  nowMs = 1_000_000_000
  readonly #clock = (): number => this.nowMs

  async start(): Promise<void> {
    const routers = this.#routers.map(({ edge }) => edge.world.router)
    this.#collector = createCollector({ listen: { host: '127.0.0.1', port: 0 }, windowMs: 30_000, routers, clock: this.#clock, logger: LOGGER })
    await this.#collector.start()
    this.#controller = this.#createController()
  }

  #createController(before?: ControllerHandover): Controller {
    const of = (name: string): FakeEdge => this.#routers.find(({ edge }) => edge.world.router.name === name)!.edge
    return createController(
      {
        ...this.rtr1.edge.parts(),
        routers: this.#routers.map(({ edge }) => edge.world.router),
        sharedExits: [],
        settings: {
          intervalMs: 1000,
          limits: { maxOverrides: 100, maxOverridesPerRouter: 100, maxChangesPerCycle: 50, maxDetouredShare: 1 },
        },
        traffic: this.#collector,
        routes: {
          longestMatch: (router, address) => of(router).longestMatch(router, address),
          matches: (router, rates) => of(router).matches(router, rates),
          prepareMatches: (router, rates) => of(router).prepareMatches(router, rates),
          covering: (router, prefix) => of(router).covering(router, prefix),
          pathsTowards: (router, ...rest) => of(router).pathsTowards(router, ...rest),
          nextHops: (router) => of(router).nextHops(),
          session: (router) => of(router).session(),
        },
        overrides: {
          list: (router) => of(router).list(),
          add: (override, fromIfIndex) => of(override.router).add(override, fromIfIndex),
          withdraw: (key) => of(key.router).withdraw(key),
        },
        clock: this.#clock,
        logger: LOGGER,
      },
      'active',
      before,
    )
  }

  /** Another controller takes over, as after a change of the configuration. */
  async reload(): Promise<void> {
    this.#controller = this.#createController(await this.#controller.handOver(
      this.#routers.map(({ edge: { world } }) => ({ router: world.router, next: world.router, because: undefined })),
    ))
  }

  async stop(): Promise<void> {
    await this.#controller.stop()
    await this.#collector.stop()
  }

  /** Ends collector and controller and starts new ones; GoBGP keeps what it has. */
  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  close(): void {
    this.#socket.close()
  }

  /** Seconds pass, each with its datagrams and a cycle; until `done`, if it is given. Returns how many. */
  async pass(seconds: number, done: () => boolean = () => false): Promise<number> {
    for (let second = 1; second <= seconds; second++) {
      this.nowMs += 1000
      await this.#send(this.#routers.flatMap((router) => router.second(this.nowMs)))
      // A cycle of its own making: the loop's timer runs by the wall clock.
      await this.#controller.setMode('active')
      if (done()) return second
    }
    return seconds
  }

  async #send(datagrams: readonly Buffer[]): Promise<void> {
    const expected = this.#collector.stats.datagrams + datagrams.length
    for (const bytes of datagrams) this.#socket.send(bytes, this.#collector.port, '127.0.0.1')
    const deadline = performance.now() + 10_000
    while (this.#collector.stats.datagrams < expected) {
      if (performance.now() > deadline) throw new Error(`${this.#collector.stats.datagrams} of ${expected} datagrams came`)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  report(router: TestRouter): RouterReport {
    return this.#controller.report()!.routers.find(({ name }) => name === router.edge.world.router.name)!
  }

  state(router: TestRouter): string {
    return this.report(router).telemetryState
  }

  /** Kinds and interfaces of the alarms of a router. */
  alarms(router: TestRouter): string[] {
    const { name } = router.edge.world.router
    return findAlarms(this.#controller.report()!)
      .filter((alarm) => alarm.router === name)
      .map((alarm) => [alarm.kind, alarm.interface].filter((part) => part !== undefined).join(' '))
  }

  /** What was done, newest first. */
  decisions(router: TestRouter): readonly Decision[] {
    return this.#controller.decisions({ router: router.edge.world.router.name })
  }
}

function chunk<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))
}
