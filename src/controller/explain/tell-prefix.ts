/** A prefix's facts in sentences: where it goes, why, and what would have to change for it to move. Pure. */
import { formatAddress, formatPrefix, overlaps } from '../../model/prefix.ts'
import { formatAsPath, type Path } from '../../model/route.ts'
import { formatDuration, formatRate, formatShare } from '../../model/units.ts'
import type { Alternate, InterfaceLoad, OverrideFacts, PrefixFacts } from './prefix-facts.ts'
import { tellObstacles } from './tell-obstacles.ts'

export interface Explanation {
  readonly goes: readonly string[]
  readonly why: readonly string[]
  readonly toMove: readonly string[]
}

/** Natural load is told besides planned load where they differ by more than this share of the speed. */
const TOLD_SHARE = 0.005
/** Longer received prefixes that are named; the others are counted. */
const MOST_NAMED = 5

export function tellPrefix(facts: PrefixFacts): Explanation {
  return {
    goes: [...tellExit(facts), ...tellOverrides(facts), ...tellDemand(facts), ...tellInside(facts)],
    why: [...tellBest(facts), ...tellLoad(facts), ...tellAlternates(facts), ...tellRestless(facts)],
    toMove: [...facts.overrides.flatMap((one) => tellRelease(facts, one)), ...tellObstacles(facts)],
  }
}

/** `swp1`, or what is known of an exit without a configured interface. */
function exitName({ natural }: PrefixFacts): string {
  const { load, path } = natural!
  if (load !== undefined) return load.interface.name
  return `next hop ${formatAddress(path.nextHop)}, which leaves by no configured interface`
}

function tellExit(facts: PrefixFacts): string[] {
  const { prefix, received, natural, router, overrides } = facts
  const name = formatPrefix(prefix)
  if (received === undefined || natural === undefined) {
    return [`No route that ${router.name} received holds all of ${name}.`]
  }
  const own = formatPrefix(received.prefix)
  const part = own === name ? '' : ` belongs to the received prefix ${own}, and`
  const moved = overrides.filter(({ dry }) => !dry)
  const isWhole = moved.some(({ override }) => override.prefix.length <= prefix.length)
  if (isWhole) return [`${name}${part} would leave ${router.name} by ${exitName(facts)}, and is moved away.`]
  const rest = moved.length > 0 ? ', but for the parts that are moved away' : ''
  return [`${name}${part} leaves ${router.name} by ${exitName(facts)}${rest}.`]
}

function tellOverrides({ overrides, atMs }: PrefixFacts): string[] {
  return overrides.map(({ override, dry, isInstalled, bps, movedShare }) => {
    const { prefix, toInterface, sinceMs, reason } = override
    const age = formatDuration(Math.max(0, Math.round((atMs - sinceMs) / 1000)) * 1000)
    const state = dry ? 'is only decided (dry-run)' : isInstalled ? 'is installed' : 'is on its way into GoBGP'
    const effect = movedShare === undefined ? '' : `, ${formatShare(movedShare)} of that really leave there`
    return (
      `Override ${formatPrefix(prefix)} to ${toInterface} (${formatRate(bps)}${effect}) ` +
      `${state}, wanted for ${age}: ${reason}.`
    )
  })
}

function tellDemand({ demand, windowMs, overrides }: PrefixFacts): string[] {
  if (demand.bps === 0) return [`Nothing was measured towards it in the last ${formatDuration(windowMs)}.`]
  const by = demand.by.map(({ interface: name, bps }) => `${formatRate(bps)} by ${name}`).join(', ')
  const late = overrides.some(({ isInstalled }) => isInstalled) ? ', some of it from before it was moved' : ''
  return [
    `${formatRate(demand.bps)} go there, give or take ${formatRate(demand.errorBps)} ` +
      `(${demand.samples} samples in ${formatDuration(windowMs)}): ${by}${demand.by.length > 1 ? late : ''}.`,
  ]
}

function tellInside({ inside, received, prefix }: PrefixFacts): string[] {
  if (inside === undefined) return ['It holds too many destinations to look through: ask about a part of it.']
  if (inside.length === 0) return []
  const named = inside
    .slice(0, MOST_NAMED)
    .map((one) => `${formatPrefix(one.prefix)} (${formatRate(one.bps)})`)
    .join(', ')
  const more = inside.length > MOST_NAMED ? ` and ${inside.length - MOST_NAMED} more` : ''
  const apart = received === undefined ? '' : `, which ${formatPrefix(prefix)} does not count`
  return [`In it are longer received prefixes with routes of their own${apart}: ${named}${more}.`]
}

function pathText({ nextHop, asPath, localPref }: Path): string {
  const as = asPath.length === 0 ? 'no AS path' : `AS path ${formatAsPath(asPath)}`
  return `next hop ${formatAddress(nextHop)}, ${as}, LOCAL_PREF ${localPref ?? 'none'}`
}

function tellBest({ natural, received }: PrefixFacts): string[] {
  if (natural === undefined || received === undefined) return []
  const { path, tied } = natural
  const among = received.paths === 1 ? 'the only received path' : `the best of ${received.paths} received paths`
  const tie = tied > 1 ? `, tied with ${tied - 1} by its attributes: its samples tell that it is used` : ''
  return [`BGP's rules put it there: ${among} of ${formatPrefix(received.prefix)} (${pathText(path)})${tie}.`]
}

/** The load against its marks. */
function loadText({ interface: own, naturalBps, plannedBps, speedBps, highBps }: InterfaceLoad): string {
  if (speedBps === undefined || speedBps === 0) return `${own.name}: its speed is not known`
  const share = (bps: number): string => `${formatRate(bps)} (${formatShare(bps / speedBps)})`
  const isRelieved = naturalBps !== undefined && naturalBps - plannedBps > TOLD_SHARE * speedBps
  const natural = isRelieved ? `, instead of its natural load of ${share(naturalBps)}` : ''
  return (
    `${own.name} is planned to carry ${share(plannedBps)} of ${formatRate(speedBps)}${natural}, ` +
    `and its high watermark is ${share(highBps)}`
  )
}

function tellLoad({ natural }: PrefixFacts): string[] {
  const load = natural?.load
  if (load === undefined) return []
  const own = load.interface
  const lines: string[] = []
  if (load.naturalBps === undefined) lines.push(`The load of ${own.name} was not measured yet.`)
  else if (load.isOverloaded) lines.push(`${loadText(load)}: it needs relief.`)
  else lines.push(`${loadText(load)}: it needs no relief.`)
  if (load.isDown) lines.push(`${own.name} is down, as its counters say.`)
  if (load.unfinished === 'capped') lines.push('Its last relief was cut short by a cap, and goes on.')
  return lines
}

function tellAlternates({ alternates, natural, received }: PrefixFacts): string[] {
  if (natural === undefined) return []
  if (alternates.length === 0) return [`${formatPrefix(received!.prefix)} has no other exit.`]
  return alternates.map((one) => `Another exit: ${alternateText(one)}.`)
}

function alternateText({ path, interface: name, roomBps, closed }: Alternate): string {
  const room =
    closed ??
    (roomBps === undefined ? 'its load or speed is not known, or not since it was relieved, so nothing may be led there'
    : roomBps > 0 ? `it has room for ${formatRate(roomBps)} below its relief target`
    : 'it has no room below its relief target')
  return `${name ?? 'elsewhere'} (${pathText(path)}): ${room}`
}

function tellRestless({ restless, atMs }: PrefixFacts): string[] {
  if (restless === undefined) return []
  const { prefix, isHome, toInterface, untilMs } = restless
  const ago = wholeSeconds(Math.max(0, atMs - restless.atMs))
  const moved = isHome ? `came home to ${toInterface}` : `moved to ${toInterface}`
  return [
    `${formatPrefix(prefix)} ${moved} ${ago} ago: for ${wholeSeconds(untilMs - atMs)} yet it is restless, and others move ` +
      'before it, as each change of exit disturbs those who use it.',
  ]
}

function wholeSeconds(ms: number): string {
  return formatDuration(Math.ceil(ms / 1000) * 1000)
}

function tellRelease({ circumstances, windowMs, restless }: PrefixFacts, one: OverrideFacts): string[] {
  const { override, heldMs, needsBps, roomBps } = one
  const home = override.fromInterface
  const lines = [`For ${formatPrefix(override.prefix)} to come home to ${home}:`]
  if (heldMs > 0) lines.push(`- its ${override.pinnedUntilMs === undefined ? 'hold' : 'pin by hand'} must end, in ${wholeSeconds(heldMs)}`)
  const need = `${formatRate(needsBps)} below its relief target (its traffic and the error of it)`
  if (needsBps === 0) lines.push('- nothing more: nothing was measured towards it, so it takes no room')
  else if (roomBps === undefined) lines.push(`- the load and speed of ${home} must be known, and measured since it was last relieved`)
  else if (roomBps < needsBps) {
    lines.push(
      `- ${home} must have room for ${need}; ` +
        (roomBps >= 0 ? `it has ${formatRate(roomBps)}` : `it is ${formatRate(-roomBps)} above it`),
    )
  } else lines.push(`- ${home} has the room that it takes: ${need}`)
  for (const name of one.hiddenBy) {
    lines.push(
      `- ${name} must not have been full, or have dropped, for ${formatDuration(windowMs)}: ` +
        'more may want to leave by it than was seen',
    )
  }
  if (!circumstances.mayRelease) lines.push('- rates must have been measured over a whole window')
  if (restless !== undefined && overlaps(restless.prefix, override.prefix)) {
    lines.push(`Should ${override.toInterface} overflow before it can come home: what is not restless leaves there first.`)
  }
  lines.push(`It goes at once when its route, ${override.toInterface} or the session goes.`)
  return lines
}
