/**
 * The rush hour, step by step. Each step sets a level of traffic and says what must come true, by when and
 * for how long. It is judged by what the edge itself forwards; REST alone convinces nobody. Pure.
 */
import { formatRate, formatShare } from '../model/units.ts'
import {
  EXITS, HIGH_WATERMARK, HOT_DESTINATIONS, HOT_PREFIX, LOW_WATERMARK, naturalPeerBps, PEER, QUIET_LEVEL,
  SPEED_BPS, THRESHOLD_BPS, TRANSIT,
} from './demo-edge.ts'
import { countText, exitOfPrefix, type Observation } from './observation.ts'

export interface Step {
  readonly name: string
  /** What happens, in words. */
  readonly tells: string
  /** Traffic at the end of the ramp, as a share of rush hour. */
  readonly level: number
  readonly rampMs: number
  /** Time from the end of the ramp until the step is over, or has failed. */
  readonly withinMs: number
  /** So long without a break it must hold. */
  readonly holdsMs: number
  /** What is still missing; undefined when all is as it should be. */
  missing(now: Observation): string | undefined
  /** What came true, in words. */
  sums(now: Observation): string
}

/** Sampling is a measurement: relief aims at the target and may miss it by this share of the link. */
const TOLERANCE = 0.02
const RELIEVED_BPS = (LOW_WATERMARK + TOLERANCE) * SPEED_BPS

/** One rush hour: about 40 s. */
export function createStory(): Step[] {
  let settled: string | undefined
  return [
    {
      name: 'quiet',
      tells: `quiet: ${formatRate(naturalPeerBps(QUIET_LEVEL))} leave by the ${PEER}, as BGP alone has it`,
      level: QUIET_LEVEL,
      rampMs: 0,
      withinMs: 10_000,
      holdsMs: 2_500,
      missing: missingAtHome,
      sums: (now) => `no overrides; the ${PEER} carries ${carried(now, PEER)}`,
    },
    {
      name: 'rush',
      tells:
        `the rush hour begins: traffic by the ${PEER} rises to ${formatRate(naturalPeerBps(1))}, ` +
        `above its high watermark of ${formatShare(HIGH_WATERMARK)}`,
      level: 1,
      rampMs: 5_000,
      withinMs: 12_000,
      holdsMs: 1_500,
      missing: missingRelief,
      sums: (now) =>
        `relieved by ${countText(installed(now).length)}, to at most ${formatShare(LOW_WATERMARK)}: ` +
        `the ${PEER} carries ${carried(now, PEER)}, the ${TRANSIT} ${carried(now, TRANSIT)}`,
    },
    {
      name: 'split',
      tells:
        `the hot prefix ${HOT_PREFIX}, at ${formatRate(hotBps(HOT_PREFIX))}, cannot move as a whole: ` +
        `only pieces of at most ${formatRate(THRESHOLD_BPS)} may leave`,
      level: 1,
      rampMs: 0,
      withinMs: 8_000,
      holdsMs: 500,
      missing: missingSplit,
      sums: (now) => `split: ${hotPieces(now).join(', ')} by the ${TRANSIT}, the rest by the ${PEER}`,
    },
    {
      name: 'steady',
      tells: 'the load stays; so must the overrides: what is moved once is not moved again',
      level: 1,
      rampMs: 0,
      withinMs: 12_000,
      holdsMs: 4_000,
      missing: (now) => {
        const seen = installed(now).map(({ id }) => id).toSorted().join(' ')
        const changed = settled !== undefined && settled !== seen
        settled = seen
        return changed ? 'the overrides changed' : missingRelief(now)
      },
      sums: () => 'steady: nothing changed',
    },
    {
      name: 'ebb',
      tells: `the rush hour ends: traffic falls back to ${formatShare(QUIET_LEVEL)} of it`,
      level: QUIET_LEVEL,
      rampMs: 3_000,
      withinMs: 25_000,
      holdsMs: 1_500,
      missing: missingAtHome,
      sums: (now) => `home: no overrides left; the ${PEER} carries ${carried(now, PEER)} again`,
    },
  ]
}

function installed({ overrides }: Observation): Observation['overrides'] {
  return overrides.filter(({ state }) => state === 'installed')
}

/** Everything where BGP alone would put it. */
function missingAtHome(now: Observation): string | undefined {
  if (now.overrides.length > 0) return `REST still gives ${countText(now.overrides.length)}`
  const known = new Set(EXITS.flatMap(({ prefixes }) => prefixes))
  const foreign = now.table.find(({ prefix }) => !known.has(prefix))
  if (foreign !== undefined) return `the edge still forwards by ${foreign.prefix}`
  const [peer] = EXITS
  const astray = peer!.prefixes.find((prefix) => exitOfPrefix(now, prefix) !== PEER)
  return astray === undefined ? undefined : `the edge does not forward ${astray} by the ${PEER}`
}

function missingRelief(now: Observation): string | undefined {
  for (const exit of [PEER, TRANSIT]) {
    const bps = now.loads[exit]?.offeredBps ?? 0
    if (bps > RELIEVED_BPS) {
      return `the ${exit} has ${formatRate(bps)}, above its relief target of ${formatShare(LOW_WATERMARK)}`
    }
  }
  const made = installed(now)
  if (made.length === 0) return 'REST gives no installed override'
  const idle = made.find(({ prefix, to_interface: to }) => exitOfPrefix(now, prefix) !== to)
  if (idle === undefined) return undefined
  return `the edge does not forward ${idle.prefix} by the ${idle.to_interface}`
}

function hotPieces(now: Observation): string[] {
  return installed(now)
    .map(({ prefix }) => prefix)
    .filter((prefix) => prefix.startsWith('4.0.') && prefix !== HOT_PREFIX)
}

function missingSplit(now: Observation): string | undefined {
  const pieces = hotPieces(now)
  if (pieces.length === 0) return `no more-specific of ${HOT_PREFIX} is overridden`
  if (exitOfPrefix(now, HOT_PREFIX) !== PEER) return `${HOT_PREFIX} itself has left the ${PEER}`
  for (const piece of pieces) {
    const bps = hotBps(piece)
    if (bps > THRESHOLD_BPS * (1 + TOLERANCE)) return `the piece ${piece} has ${formatRate(bps)}`
    if (bps === 0) return `the piece ${piece} has no traffic`
  }
  return undefined
}

/** What the hosts of the hot prefix within this prefix have at rush hour, bit/s. */
function hotBps(prefix: string): number {
  return HOT_DESTINATIONS.filter(({ to }) => holds(prefix, to)).reduce((sum, { bps }) => sum + bps, 0)
}

function carried({ loads }: Observation, exit: string): string {
  return formatRate(loads[exit]?.bps ?? 0)
}

/** True when the IPv4 prefix holds the address. */
function holds(prefix: string, address: string): boolean {
  const value = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const [network = '', length] = prefix.split('/')
  const size = 2 ** (32 - Number(length))
  return Math.floor(value(network) / size) === Math.floor(value(address) / size)
}
