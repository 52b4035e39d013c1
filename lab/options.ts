/** The lab's command line. Pure. */
import { SCENARIOS, type ScenarioName } from './scenarios.ts'

export interface LabOptions {
  readonly scenarios: readonly ScenarioName[]
  readonly counterIntervalMs: number
  /** One packet in so many is sampled. */
  readonly samplingRate: number
  /** How often `seconds` and `brink` repeat their step. */
  readonly runs: number
  /** Leave all of it up in the end, to look around. */
  readonly keep: boolean
}

export const USAGE = `npm run lab -- [--scenario NAME]... [--counters SECONDS] [--sampling N]
                [--runs N] [--keep]

A BGP edge with FRR, gobgpd, sFlow from real packets and the service as it is, in network namespaces.

  --scenario NAME     ${Object.entries(SCENARIOS)
    .map(([name, { summary }]) => `${name.padEnd(14)} ${summary}`)
    .join('\n                      ')}
                      may be given several times; default: the first three
  --counters SECONDS  how often the router sends its interface counters (default: 1)
  --sampling N        one packet in N is sampled (default: 5)
  --runs N            how many steps "seconds" and "brink" measure (default: 3)
  --keep              leave it up in the end, and say how to look around`

/** Throws Error with what is wrong. */
export function readOptions(args: readonly string[]): LabOptions {
  const scenarios: ScenarioName[] = []
  let counters = 1
  let samplingRate = 5
  let runs = 3
  let keep = false
  const rest = [...args]
  for (let option = rest.shift(); option !== undefined; option = rest.shift()) {
    switch (option) {
      case '--scenario':
        scenarios.push(readScenario(rest.shift()))
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
  if (scenarios.length === 0) scenarios.push('four-prefixes', 'two-prefixes', 'neighbors')
  return { scenarios, counterIntervalMs: counters * 1000, samplingRate, runs, keep }
}

function readScenario(name: string | undefined): ScenarioName {
  if (name !== undefined && Object.hasOwn(SCENARIOS, name)) return name as ScenarioName
  throw new Error(`--scenario "${name ?? ''}": use one of ${Object.keys(SCENARIOS).join(', ')}`)
}

function readNumber(option: string, text: string | undefined, least: number, most: number): number {
  const value = Number(text)
  if (text !== undefined && text !== '' && value >= least && value <= most) return value
  throw new Error(`${option} "${text ?? ''}": use a number from ${least} to ${most}`)
}
