/** The lab's command line. Pure. */
import { BIRD, BIRD_SECONDARY } from './bird.ts'
import { FRR } from './frr.ts'
import type { RouterSoftware } from './router-software.ts'
import { SCENARIOS, type ScenarioName } from './scenarios.ts'

export interface LabOptions {
  readonly software: RouterSoftware
  readonly scenarios: readonly ScenarioName[]
  readonly counterIntervalMs: number
  /** One packet in so many is sampled. */
  readonly samplingRate: number
  /** How often `seconds` and `brink` repeat their step. */
  readonly runs: number
  /** Leave all of it up in the end, to look around. */
  readonly keep: boolean
}

export const USAGE = `npm run lab -- [--router NAME] [--scenario NAME]... [--counters SECONDS]
                [--sampling N] [--runs N] [--keep]

A BGP edge with FRR or BIRD, gobgpd, sFlow from real packets and the service as it is, in network namespaces.

  --router NAME       frr, bird or bird-secondary (see docs/routers.md) as the router; its neighbors run FRR
                      (default: frr)
  --scenario NAME     ${Object.entries(SCENARIOS)
    .map(([name, { summary }]) => `${name.padEnd(14)} ${summary}`)
    .join('\n                      ')}
                      may be given several times; default: the first four, with BIRD the first and ipv6
  --counters SECONDS  how often the router sends its interface counters (default: 1)
  --sampling N        one packet in N is sampled (default: 5)
  --runs N            how many steps "seconds" and "brink" measure (default: 3)
  --keep              leave it up in the end, and say how to look around`

/** What the router may run, and what is played on it unless told otherwise. */
const ROUTERS = {
  frr: { software: FRR, scenarios: ['four-prefixes', 'two-prefixes', 'neighbors', 'ipv6'] },
  bird: { software: BIRD, scenarios: ['four-prefixes', 'ipv6'] },
  'bird-secondary': { software: BIRD_SECONDARY, scenarios: ['four-prefixes'] },
} as const satisfies Record<string, { software: RouterSoftware; scenarios: readonly ScenarioName[] }>

/** Throws Error with what is wrong. */
export function readOptions(args: readonly string[]): LabOptions {
  const scenarios: ScenarioName[] = []
  let router: keyof typeof ROUTERS = 'frr'
  let counters = 1
  let samplingRate = 5
  let runs = 3
  let keep = false
  const rest = [...args]
  for (let option = rest.shift(); option !== undefined; option = rest.shift()) {
    switch (option) {
      case '--router':
        router = readName(option, rest.shift(), ROUTERS)
        break
      case '--scenario':
        scenarios.push(readName(option, rest.shift(), SCENARIOS))
        break
      case '--counters':
        counters = readNumber(option, rest.shift(), 0.5, 300)
        break
      case '--sampling':
        samplingRate = readNumber(option, rest.shift(), 1, 10_000)
        break
      case '--runs':
        runs = readNumber(option, rest.shift(), 1, 1000)
        break
      case '--keep':
        keep = true
        break
      default:
        throw new Error(`unknown option "${option}"`)
    }
  }
  const { software, scenarios: usual } = ROUTERS[router]
  const played = scenarios.length > 0 ? scenarios : usual
  return { software, scenarios: played, counterIntervalMs: counters * 1000, samplingRate, runs, keep }
}

function readName<T extends object>(option: string, name: string | undefined, choices: T): keyof T {
  if (name !== undefined && Object.hasOwn(choices, name)) return name as keyof T
  throw new Error(`${option} "${name ?? ''}": use one of ${Object.keys(choices).join(', ')}`)
}

function readNumber(option: string, text: string | undefined, least: number, most: number): number {
  const value = Number(text)
  if (text !== undefined && text !== '' && value >= least && value <= most) return value
  throw new Error(`${option} "${text ?? ''}": use a number from ${least} to ${most}`)
}
