import type { SteeringRule } from '../../../src/simulator/steering/steering-rule.ts'

/** BGP alone. */
export function createNone(): SteeringRule {
  return { name: 'none', intervalSeconds: 60, decide: () => Promise.resolve([]) }
}
