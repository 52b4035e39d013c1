/** `npm run bench:steering`: five rules on the same hours of traffic, and single plans against the exact optimum. */
import { parseArgs } from 'node:util'
import { playTrace, type Score } from '../../src/simulator/steering/play-trace.ts'
import type { SteeringRule } from '../../src/simulator/steering/steering-rule.ts'
import type { Router } from '../../src/model/topology.ts'
import { compareWithBound } from './compare-with-bound.ts'
import { makeContested } from './contested.ts'
import { makeInstance } from './instances.ts'
import { createEdgeFabric } from './rules/edge-fabric.ts'
import { createNone } from './rules/none.ts'
import { createProofOfConcept } from './rules/proof-of-concept.ts'
import { createSpillway } from './rules/spillway.ts'
import { renderScores } from './table.ts'
import { makeRecipe, RECIPES, REPORTED_SEEDS, TUNING_SEEDS } from './traces.ts'

const { values } = parseArgs({
  options: {
    tuning: { type: 'boolean' }, trace: { type: 'string' }, rule: { type: 'string' }, seed: { type: 'string', multiple: true },
  },
})
const seeds = values.seed?.map(Number) ?? (values.tuning === true ? TUNING_SEEDS : REPORTED_SEEDS)

const rulesFor = (router: Router): SteeringRule[] => [
  createNone(),
  createProofOfConcept(router),
  createProofOfConcept(router, 5),
  createEdgeFabric(router),
  createEdgeFabric(router, 'high_watermark'),
  createSpillway(router),
  createSpillway(router, 1),
]

process.stdout.write(`Means of seeds ${seeds.join(', ')}\n\n`)
for (const recipe of RECIPES) {
  if (values.trace !== undefined && !recipe.weather.name.startsWith(values.trace)) continue
  const scores: Score[] = []
  for (const trace of seeds.map((seed) => makeRecipe(recipe, seed))) {
    for (const rule of rulesFor(trace.router).filter(({ name }) => name.startsWith(values.rule ?? ''))) {
      process.stderr.write(`${trace.name}, seed ${trace.seed}: ${rule.name}\n`)
      scores.push(await playTrace(trace, rule))
    }
  }
  process.stdout.write(`${renderScores(scores)}\n`)
}

if (values.trace === undefined && values.rule === undefined) {
  process.stdout.write(await compareWithBound('One plan against the exact bound, edges with room', makeInstance))
  process.stdout.write(await compareWithBound('One plan against the exact bound, few exits with room', makeContested))
}
