/** What stands between a prefix and another exit, in sentences. Pure. */
import { formatPrefix } from '../../model/prefix.ts'
import { formatRate } from '../../model/units.ts'
import { restlessGoalBps } from '../plan/restless.ts'
import type { Circumstances, InterfaceLoad, PrefixFacts } from './prefix-facts.ts'

/** What would have to change for it, or what of it is not moved yet, to move; and what holds for the router. */
export function tellObstacles(facts: PrefixFacts): string[] {
  return [...tellMove(facts), ...tellCircumstances(facts.circumstances, facts.router.name)]
}

function tellMove({ received, natural, overrides, movable, stuck, demand, restless }: PrefixFacts): string[] {
  if (received === undefined) return ['For it to move: a route that holds it must be received.']
  const load = natural?.load
  if (load === undefined) {
    return ['For it to move: its next hop must be in the subnet, or among the next_hops, of an interface.']
  }
  const isAway = overrides.length > 0
  if (isAway && movable.length === 0 && stuck.length === 0) return []
  const what = isAway ? 'the rest' : 'it'
  const lines = [`For ${what} to move away from ${load.interface.name}:`]
  lines.push(...tellNeed(load))
  if (demand.bps === 0) lines.push('- there must be traffic towards it')
  const isSplit = [...movable, ...stuck].some(({ prefix }) => prefix.length > received.prefix.length)
  if (isSplit && !isAway) {
    const threshold = formatRate(load.interface.perPrefixThresholdBps)
    lines.push(`- ${formatPrefix(received.prefix)} is above per_prefix_threshold, ${threshold}: it moves in pieces`)
  }
  for (const { prefix, bps, obstacle, why } of stuck) {
    lines.push(`- ${formatPrefix(prefix)} (${formatRate(bps)}) cannot move: ${obstacle} (${why})`)
  }
  for (const { prefix, bps, to } of movable) {
    lines.push(`- ${formatPrefix(prefix)} (${formatRate(bps)}) could move to ${to}`)
  }
  if (movable.length > 0 && restless !== undefined) lines.push(...tellRestless(load))
  if (movable.length > 0) {
    lines.push('- of all that could move, the plan takes as few prefixes as reach the relief target')
  }
  return lines
}

/** What is restless moves last, from what is surely above its mark, and no further than half the way. */
function tellRestless({ interface: { name }, highBps, targetBps }: InterfaceLoad): string[] {
  return [
    `- it is restless: with all else gone that could move, ${name} must still be above its high watermark whatever ` +
      `the error of its load, and even then it moves only as far as brings ${name} half the way there, to ${formatRate(restlessGoalBps(highBps, targetBps))}`,
  ]
}

function tellNeed({
  interface: own, plannedBps, errorBps, highBps, isOverloaded, naturalBps, speedBps,
}: InterfaceLoad): string[] {
  if (!own.monitor) return [`- ${own.name} would have to be steered away from (it has monitor: false)`]
  const dry = own.dryRun ? [`- ${own.name} must not be dry_run: what would leave it is only decided`] : []
  if (naturalBps === undefined) return [`- the load of ${own.name} must be known`, ...dry]
  if ((speedBps ?? 0) === 0) return [`- the speed of ${own.name} must be known`, ...dry]
  if (isOverloaded) return [`- ${own.name} is overloaded: that is the case now`, ...dry]
  const missing = Math.max(0, highBps - plannedBps)
  const need =
    missing > 0
      ? `- the planned load of ${own.name} must rise by ${formatRate(missing)}, above its high watermark`
      : `- the load of ${own.name} must surely be above its high watermark, beyond its error of ` +
        formatRate(errorBps)
  return [need, ...dry]
}

function tellCircumstances(c: Circumstances, router: string): string[] {
  const lines: string[] = []
  const add = (line: string): void => void lines.push(line)
  if (c.mode === 'off') add('The mode is off: everything is withdrawn, and nothing is added.')
  else if (c.mode === 'frozen') add('The mode is frozen: nothing is added, and nothing comes home.')
  else if (c.mode === 'dry_run') add('The mode is dry_run: it is decided, and nothing is sent.')
  if (!c.session.up) add(`GoBGP has no BGP session with ${router}: no route of it is known.`)
  else if (!c.session.synced) add(`The routes of ${router} are not all known yet.`)
  if (c.telemetryState !== 'fresh') {
    const faults = c.telemetryFaults.join('; ')
    add(`Telemetry of ${router} is ${c.telemetryState} (${faults}): nothing is added or comes home.`)
  }
  if (c.permission.kind === 'stand_by') {
    add(`Overrides of ${router} are not touched: ${c.permission.why}.`)
  } else if (c.permission.kind !== 'granted') add(`Nothing is added: ${c.permission.why}.`)
  if (c.additionsPause) add('Nothing is added while none of the last overrides moves anything.')
  const isExplained = lines.some((line) => !line.startsWith('The mode is dry_run'))
  if (!c.mayChange && !isExplained) add('Nothing is added or comes home in the first seconds of a session.')
  return lines
}
