/** Moments of small edges whose overloaded links compete for few exits. */
import type { Instance } from './instances.ts'
import { makeEdgeInterface, makeEdgePath, makeEdgeRouter } from '../../src/simulator/steering/make-trace.ts'
import { createRandom } from '../../src/simulator/packet-sampler.ts'
import { TraceRoutes } from '../../src/simulator/steering/trace-routes.ts'
import type { TracePrefix } from '../../src/simulator/steering/trace.ts'
import { parseAddress, parsePrefix } from '../../src/model/prefix.ts'
import { Rates, type DestinationRate } from '../../src/model/rates.ts'

const GBPS = 1e9
const NOW_MS = 60_000

/**
 * Three to six links of 10 to 40 Gbit/s, up to three of them above their mark; 10 to 40 prefixes of very different size,
 * each with up to three alternates, so that not everything can be relieved in half of the instances. Measured
 * without error.
 */
export function makeContested(seed: number): Instance {
  const random = createRandom(seed * 7_919 + 13)
  const upTo = (n: number): number => Math.floor(random() * n)
  const links = 3 + upTo(4)
  const overloaded = 1 + upTo(Math.min(3, links - 1))
  const speeds = Array.from({ length: links }, () => [10, 10, 20, 40][upTo(4)]! * GBPS)
  const interfaces = speeds.map((speedBps, i) => ({ ...makeEdgeInterface(i, `link${i + 1}`, speedBps), perPrefixThresholdBps: 0.3 * speedBps }))
  const fullness = random()
  const naturals = Array.from({ length: 10 + upTo(30) }, () => (random() < 0.7 ? upTo(overloaded) : upTo(links)))
  const weights = naturals.map(() => 1 / (1 + upTo(12)))
  const wanted = speeds.map((speedBps, i) =>
    speedBps * (i < overloaded ? 0.82 + 0.3 * random() : (0.3 + 0.35 * fullness) * (0.6 + 0.5 * random())),
  )
  const outBps = speeds.map(() => 0)
  const rows: DestinationRate[] = []
  const prefixes = naturals.map((natural, n): TracePrefix => {
    const own = naturals.reduce((sum, other, k) => (other === natural ? sum + weights[k]! : sum), 0)
    const bps = (wanted[natural]! * weights[n]!) / own
    outBps[natural]! += bps
    const halves = 0.2 + 0.6 * random()
    for (const [host, share] of [[1, halves], [200, 1 - halves]] as const) {
      rows.push({ address: parseAddress(`${20 + n}.0.0.${host}`), interfaceIndex: natural, bps: bps * share, samples: 100_000 })
    }
    const others = speeds.map((_, i) => i).filter((i) => i !== natural)
    const alternates = Array.from({ length: Math.min(others.length, upTo(4)) }, () => others.splice(upTo(others.length), 1)[0]!)
    const prefix = parsePrefix(`${20 + n}.0.0.0/24`)
    return { prefix, paths: [natural, ...alternates].map((exit, rank) => makeEdgePath(prefix, exit, 300 - rank)), destinations: [] }
  })
  const router = makeEdgeRouter(interfaces)
  const view = {
    nowMs: NOW_MS,
    routes: new TraceRoutes(prefixes, () => true),
    installed: [],
    traffic: {
      router: router.name,
      rates: new Rates(rows),
      interfaces: interfaces.map(({ name, speedBps }, i) => ({
        name, speedBps, outBps: outBps[i], errorBps: 0, source: 'counters' as const, operUp: true,
        spanStartMs: NOW_MS - 10_000, spanEndMs: NOW_MS, lastCounterMs: NOW_MS, counterIntervalMs: 10_000,
        inErrors: 0, outErrors: 0, inDiscards: 0, outDiscards: 0, flowScale: 1, contradictions: [],
      })),
      telemetry: { lastFlowMs: NOW_MS, flowIntervalMs: 1000, lastCounterMs: NOW_MS, counterIntervalMs: 1000, agents: [] },
    },
  }
  return { router, view }
}
