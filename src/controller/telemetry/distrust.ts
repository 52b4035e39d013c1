/** Telemetry that lies: what of it is told, and what is not trusted. Pure. */
import type { Contradiction, InterfaceTraffic } from '../../model/traffic.ts'
import { formatRate } from '../../model/units.ts'

/** What an interface's telemetry says that cannot be true. */
export interface Distrust {
  /** Of the interface. */
  readonly name: string
  readonly contradiction: Contradiction
}

/** What must not be acted on: one interface that lies is enough, as with silence. */
export function findDistrust(
  interfaces: readonly Pick<InterfaceTraffic, 'name' | 'contradictions'>[],
): Distrust[] {
  return interfaces.flatMap(({ name, contradictions }) =>
    contradictions.filter((c) => !isTrusted(c)).map((contradiction) => ({ name, contradiction })),
  )
}

/** One sentence with both figures, or with what was seen and what to compare. */
export function tellContradiction(name: string, contradiction: Contradiction): string {
  switch (contradiction.kind) {
    case 'flows_disagree': {
      const flows = formatRate(contradiction.flowsBps)
      if (contradiction.countersBps === undefined) {
        return `flows of ${name} claim ${flows}, more than it could be offered`
      }
      return `counters of ${name} say ${formatRate(contradiction.countersBps)}, flows ${flows}`
    }
    case 'ifindex_mismatch':
      return (
        `${name}: ${contradiction.evidence}; ` +
        "compare the ifIndexes of the configuration with the router's"
      )
  }
}

export function isTrusted(contradiction: Contradiction): boolean {
  return contradiction.kind === 'flows_disagree' && contradiction.isTrusted
}
