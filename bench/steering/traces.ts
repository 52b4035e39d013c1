/** The traces that rules are compared on. Tuned on the first seeds, reported on the others. */
import { makeTrace, type EdgeShape, type Weather } from '../../src/simulator/steering/make-trace.ts'
import type { Trace } from '../../src/simulator/steering/trace.ts'

export const TUNING_SEEDS = [1, 2, 3, 4, 5, 6]
export const REPORTED_SEEDS = [11, 12, 13]

const HOUR = 3600
/** A day in two hours. */
const DAY = 2 * HOUR

const EDGE: EdgeShape = { peers: 12, transits: 2, prefixes: 800, load: 0.62 }
const WIDE: EdgeShape = { peers: 24, transits: 4, prefixes: 1200, load: 0.62 }

const daily = (second: number): number => 1 - 0.45 * Math.cos((2 * Math.PI * second) / DAY)
const tide = (second: number): number => 1.1 + 0.25 * Math.sin((2 * Math.PI * second) / 2400)
/** Up within so many seconds, and down again in as many. */
const pulse = (second: number, start: number, length: number, rise: number): number =>
  Math.max(0, Math.min(1, (second - start) / rise, (start + length - second) / rise))

interface Recipe {
  readonly shape: EdgeShape
  readonly weather: Weather
}

export const RECIPES: readonly Recipe[] = [
  { shape: WIDE, weather: { name: 'diurnal', seconds: DAY, demand: daily } },
  {
    shape: EDGE,
    weather: {
      name: 'flash crowds',
      seconds: HOUR,
      // Every 20 minutes another group of prefixes is four times as popular, within 10 s.
      demand: (second, prefix) => 1 + 3 * Number(prefix % 9 === Math.floor(second / 1200)) * pulse(second % 1200, 300, 500, 10),
    },
  },
  {
    shape: EDGE,
    weather: {
      name: 'failures',
      seconds: 1.5 * HOUR,
      demand: () => 1.05,
      // One peer after the other goes down for ten minutes.
      isDown: (i, second) => second > 900 && Math.floor((second - 900) / 900) === i && (second - 900) % 900 < 600,
    },
  },
  { shape: EDGE, weather: { name: 'steady', seconds: HOUR, demand: () => 1.1 } },
  { shape: { ...EDGE, samplingRate: 60_000 }, weather: { name: 'brink: steady near the mark, few samples', seconds: HOUR, demand: () => 1.2 } },
  {
    shape: EDGE,
    weather: { name: 'telemetry lost', seconds: HOUR, demand: tide, isHeard: (second) => second % 1200 < 900 || second % 1200 > 1020 },
  },
  {
    shape: { ...EDGE, counterIntervalSeconds: 30, convergenceSeconds: 10 },
    weather: { name: 'late: counters every 30 s, BGP takes 10 s', seconds: HOUR, demand: tide },
  },
  // More than the transits can take: nobody can relieve everything.
  { shape: { ...EDGE, load: 0.85 }, weather: { name: 'many overloaded', seconds: HOUR, demand: tide } },
]

export function makeRecipe({ shape, weather }: Recipe, seed: number): Trace {
  return makeTrace(shape, weather, seed)
}
