/** How the answers of several gates come to one. Pure. */
import type { Permission } from './ports.ts'

/** From the freest to the strictest: what is another's must not even be withdrawn. */
const STRICTNESS = [
  'granted',
  'no_additions',
  'withdraw_all',
  'stand_by',
] as const satisfies Permission['kind'][]

export const GRANTED: Permission = { kind: 'granted' }

/** The strictest of all permissions; granted when there is none. Of equals the first counts. */
export function strictest(permissions: readonly Permission[]): Permission {
  return permissions.reduce(
    (worst, next) => (STRICTNESS.indexOf(next.kind) > STRICTNESS.indexOf(worst.kind) ? next : worst),
    GRANTED,
  )
}
