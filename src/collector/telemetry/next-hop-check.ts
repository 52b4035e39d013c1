/** Whether samples that leave by an ifIndex go to next hops of that interface. Pure but for its own state. */
import { contains, compareAddresses, formatAddress, type Address } from '../../model/prefix.ts'
import type { EgressInterface, Router } from '../../model/topology.ts'
import type { Contradiction } from '../../model/traffic.ts'
import type { NextHop } from '../sflow/samples.ts'

/** What is remembered: about so many of the last samples with a next hop. */
const MEMORY_SAMPLES = 64
/** Fewer are no evidence, neither against an interface nor that it knows its next hops. */
const FEWEST_SAMPLES = 16
/** Most of them: in the wrong place. Few: in the right one again. */
const WRONG_SHARE = 0.5
const RIGHT_SHARE = 0.2
/**
 * Without a wrong one for so long, as when nothing leaves by the ifIndex any more, the past is no evidence.
 */
const EVIDENCE_KEPT_MS = 30_000

const NONE: NextHop = { family: 0, w0: 0, w1: 0, w2: 0, w3: 0 }

interface Tally {
  rights: number
  /** Next hops of other interfaces, and of none. */
  wrongs: number
  strays: number
  /** It had right ones for long enough to know that its next hops are those of the configuration. */
  isProven: boolean
  isMisplaced: boolean
  /** The last one checked, and what came of it: most samples of an interface share a next hop. */
  readonly last: NextHop
  lastPlace: Place
  /** The last wrong one, and when it came. */
  readonly wrong: NextHop
  wrongMs: number
}

/** `elsewhere`: another configured interface has it. `nowhere`: none has. */
type Place = 'here' | 'elsewhere' | 'nowhere'

/**
 * extended_router data (sFlow version 5, flow_format 1002) names the next hop of a sampled packet, and by its
 * subnet the interface, without the ifIndex. When most next hops belong to another interface, the ifIndexes
 * of the configuration are not the router's: after a reboot, or from the start. Next hops that belong to no
 * configured interface say so only where others were right before and none is any more: an interface may
 * carry more than what its own neighbors announce.
 */
export class NextHopCheck {
  readonly #router: Router
  readonly #tallies: readonly Tally[]

  constructor(router: Router) {
    this.#router = router
    this.#tallies = router.interfaces.map(() => ({
      rights: 0,
      wrongs: 0,
      strays: 0,
      isProven: false,
      isMisplaced: false,
      lastPlace: 'nowhere',
      last: { ...NONE },
      wrong: { ...NONE },
      wrongMs: -Infinity,
    }))
  }

  /** Takes a sample's next hop; none, or one that could be anybody's, tells nothing. */
  observe(interfaceIndex: number, nextHop: Readonly<NextHop>, nowMs: number): void {
    if (!isAddress(nextHop) || isNoNeighbor(nextHop)) return
    const tally = this.#tallies[interfaceIndex]!
    if (!isSame(tally.last, nextHop)) {
      copy(nextHop, tally.last)
      tally.lastPlace = this.#place(interfaceIndex, nextHop)
    }
    if (tally.lastPlace === 'here') tally.rights++
    else if (tally.lastPlace === 'nowhere' && !tally.isProven) return
    else {
      if (nowMs - tally.wrongMs > EVIDENCE_KEPT_MS) {
        tally.wrongs = tally.strays = 0
        tally.isMisplaced = false
      }
      if (tally.lastPlace === 'elsewhere') tally.wrongs++
      else tally.strays++
      tally.wrongMs = nowMs
      copy(nextHop, tally.wrong)
    }
    judge(tally)
  }

  /**
   * Undefined while next hops fit, or none is told.
   *
   * @param nowMs when samples of the router last came: in silence nothing is forgotten
   */
  contradiction(interfaceIndex: number, nowMs: number): Contradiction | undefined {
    const { isMisplaced, wrong, wrongMs } = this.#tallies[interfaceIndex]!
    if (!isMisplaced || !isAddress(wrong) || nowMs - wrongMs > EVIDENCE_KEPT_MS) return undefined
    const { ifIndex } = this.#router.interfaces[interfaceIndex]!
    const owner = this.#router.interfaces.find((i) => owns(i, wrong))
    const whose = owner === undefined ? 'none of the configured interfaces has' : `${owner.name} has`
    return {
      kind: 'ifindex_mismatch',
      evidence: `samples leave by ifIndex ${ifIndex} to ${formatAddress(wrong)}, which ${whose}`,
    }
  }

  #place(interfaceIndex: number, nextHop: Address): Place {
    if (owns(this.#router.interfaces[interfaceIndex]!, nextHop)) return 'here'
    return this.#router.interfaces.some((i) => owns(i, nextHop)) ? 'elsewhere' : 'nowhere'
  }
}

/** True when the interface may be the one that the next hop leaves by. */
function owns({ nextHops, addresses }: EgressInterface, nextHop: Address): boolean {
  return (
    nextHops.some((n) => compareAddresses(n, nextHop) === 0) ||
    addresses.some(({ subnet }) => contains(subnet, nextHop))
  )
}

function judge(tally: Tally): void {
  const { rights, wrongs, strays } = tally
  const total = rights + wrongs
  const isGone = strays >= FEWEST_SAMPLES && rights < 1
  if (isGone || (total >= FEWEST_SAMPLES && wrongs > WRONG_SHARE * total)) tally.isMisplaced = true
  else if (total >= FEWEST_SAMPLES && wrongs < RIGHT_SHARE * total) tally.isMisplaced = false
  if (rights >= FEWEST_SAMPLES) tally.isProven = true
  if (total + strays < MEMORY_SAMPLES) return
  tally.rights /= 2
  tally.wrongs /= 2
  tally.strays /= 2
}

function isAddress(nextHop: Readonly<NextHop>): nextHop is NextHop & Address {
  return nextHop.family !== 0
}

/**
 * All zeros is a directly connected destination; link-local addresses (RFC 4291, section 2.5.6) are on every
 * interface.
 */
function isNoNeighbor({ family, w0, w1, w2, w3 }: Readonly<NextHop>): boolean {
  return (w0 | w1 | w2 | w3) === 0 || (family === 6 && w0 >>> 22 === 0xfe80 >>> 6)
}

/** On an exchange's LAN the next hop changes with every sample, so nothing is allocated. */
function isSame(a: Readonly<NextHop>, b: Readonly<NextHop>): boolean {
  return a.family === b.family && a.w0 === b.w0 && a.w1 === b.w1 && a.w2 === b.w2 && a.w3 === b.w3
}

function copy(from: Readonly<NextHop>, to: NextHop): void {
  to.family = from.family
  to.w0 = from.w0
  to.w1 = from.w1
  to.w2 = from.w2
  to.w3 = from.w3
}
