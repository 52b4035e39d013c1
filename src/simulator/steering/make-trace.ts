/** Edges and their days, made from a seed. No clock, no I/O. */
import { parseAddress, parsePrefix, prefixOf, type Prefix } from '../../model/prefix.ts'
import { ORIGIN, type Path } from '../../model/route.ts'
import type { EgressInterface, Router } from '../../model/topology.ts'
import { createRandom } from '../packet-sampler.ts'
import type { Trace, TracePrefix } from './trace.ts'

const GBPS = 1e9

export interface EdgeShape {
  /** Private peers: the natural exits of most traffic. */
  readonly peers: number
  /** Exits that know every prefix, four times as large. */
  readonly transits: number
  readonly prefixes: number
  /** Mean load of the peers over the whole trace, as a share of their speed. */
  readonly load: number
  /** 1 packet in so many is sampled. */
  readonly samplingRate?: number
  readonly noise?: number
  readonly counterIntervalSeconds?: number
  readonly convergenceSeconds?: number
  readonly perPrefixThresholdBps?: number
}

export interface Weather {
  readonly name: string
  readonly seconds: number
  /** Demand at a second as a multiple of the mean; 1: always the same. */
  readonly demand?: (second: number, prefix: number) => number
  readonly isDown?: (interfaceIndex: number, second: number) => boolean
  readonly isHeard?: (second: number) => boolean
}

export function makeTrace(shape: EdgeShape, weather: Weather, seed: number): Trace {
  const random = createRandom(seed)
  const router = makeEdgeRouter(makeInterfaces(shape))
  const prefixes = makePrefixes(shape, random)
  const meanBps = shareOut(shape, router, prefixes, random)
  const { demand = () => 1, isDown = () => false, isHeard = () => true } = weather
  return {
    name: weather.name,
    seed,
    router,
    prefixes,
    seconds: weather.seconds,
    samplingRate: shape.samplingRate ?? 20_000,
    frameBytes: 1000,
    counterIntervalSeconds: shape.counterIntervalSeconds ?? 10,
    convergenceSeconds: shape.convergenceSeconds ?? 2,
    noise: shape.noise ?? 0.05,
    demandBps: (prefix, second) => meanBps[prefix]! * demand(second, prefix),
    isDown,
    isHeard,
  }
}

/** An interface of the edge with index `i` + 1; its neighbor is `172.16.I.1`. */
export function makeEdgeInterface(i: number, name: string, speedBps: number): EgressInterface {
  return {
    router: 'edge1',
    name,
    ifIndex: i + 1,
    addresses: [{ address: parseAddress(`172.16.${i}.0`), subnet: parsePrefix(`172.16.${i}.0/31`) }],
    nextHops: [],
    speedBps,
    highWatermark: 0.8,
    lowWatermark: 0.65,
    reliefTarget: 0.65,
    perPrefixThresholdBps: 0.5 * GBPS,
    monitor: true,
    detourTarget: true,
    dryRun: false,
  }
}

export function makeEdgeRouter(interfaces: readonly EgressInterface[]): Router {
  return {
    name: 'edge1',
    address: parseAddress('10.1.4.1'),
    sflowAgents: [parseAddress('10.1.4.1')],
    gobgp: '127.0.0.1:50051',
    override: 'same_length',
    defaultPrefixLength: { 4: 24, 6: 48 },
    maxPrefixLength: { 4: 26, 6: 64 },
    interfaces,
  }
}

function makeInterfaces({ peers, transits, perPrefixThresholdBps = 0.5 * GBPS }: EdgeShape): EgressInterface[] {
  return Array.from({ length: peers + transits }, (_, i) => ({
    ...(i < peers
      ? makeEdgeInterface(i, `peer${i + 1}`, 10 * GBPS)
      : makeEdgeInterface(i, `transit${i - peers + 1}`, 40 * GBPS)),
    perPrefixThresholdBps,
  }))
}

/** /24s, each with four destinations, one in every quarter. */
function makePrefixes({ peers, transits, prefixes }: EdgeShape, random: () => number): TracePrefix[] {
  return Array.from({ length: prefixes }, (_, n) => {
    const prefix = parsePrefix(`${20 + (n >>> 16)}.${(n >>> 8) & 255}.${n & 255}.0/24`)
    const natural = Math.floor(random() * peers)
    // Half of the prefixes are known by a second peer; all but a few by the transits.
    const second = (natural + 1 + Math.floor(random() * Math.max(1, peers - 1))) % peers
    const exits = [natural]
    if (random() < 0.5 && second !== natural) exits.push(second)
    if (random() < 0.98) for (let t = 0; t < transits; t++) exits.push(peers + t)
    const paths = exits.map((exit, rank) =>
      exit < peers
        ? makeEdgePath(prefix, exit, 300 - rank)
        : makeEdgePath(prefix, exit, 100 - exit, [3000 + exit, 33_000]),
    )
    const weights = Array.from({ length: 4 }, () => 0.2 + random())
    const total = weights.reduce((sum, w) => sum + w, 0)
    return {
      prefix,
      paths,
      destinations: weights.map((w, quarter) => ({
        address: prefixOf({ ...prefix, w0: (prefix.w0 + quarter * 64 + 1) >>> 0 }, 32),
        share: w / total,
      })),
    }
  })
}

/** A path by the interface with index `exit`; of a peer that is the origin unless `asns` tell otherwise. */
export function makeEdgePath(
  prefix: Prefix,
  exit: number,
  localPref: number,
  asns: readonly number[] = [33_000 + exit],
): Path {
  return {
    prefix,
    pathId: exit + 1,
    nextHop: parseAddress(`172.16.${exit}.1`),
    origin: ORIGIN.igp,
    asPath: [{ kind: 'sequence', asns }],
    med: undefined,
    localPref,
    communities: [],
    largeCommunities: [],
    originatorId: undefined,
    rpki: 'unknown',
  }
}

/** Zipf by prefix, scaled so that each peer carries the wanted mean, give or take a fifth. */
function shareOut(
  { peers, load }: EdgeShape,
  router: Router,
  prefixes: readonly TracePrefix[],
  random: () => number,
): number[] {
  const weights = prefixes.map((_, n) => 1 / (n + 8))
  const natural = prefixes.map(({ paths }) => paths[0]!.pathId - 1)
  const perPeer = Array.from({ length: peers }, (_, i) => {
    const own = weights.reduce((sum, w, n) => (natural[n] === i ? sum + w : sum), 0)
    const wanted = router.interfaces[i]!.speedBps! * load * (0.8 + 0.4 * random())
    return own === 0 ? 0 : wanted / own
  })
  return weights.map((w, n) => w * perPeer[natural[n]!]!)
}
