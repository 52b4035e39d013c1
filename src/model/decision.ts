/** What the controller decided, with the reason and the figures behind it. */
import type { Prefix } from './prefix.ts'

export const DECISION_KINDS = [
  /** Traffic moves away from an overloaded interface. */
  'relieve',
  /** Traffic comes home: the link has room again. */
  'release',
  /** An override takes over changed attributes or another exit. */
  'replace',
  /** An override must go: its route, exit, telemetry or permission went. */
  'withdraw',
  /** An overloaded interface could not be relieved (wholly). */
  'cannot_relieve',
  /** An operator leads a prefix to an exit. */
  'pin',
  /** A guard held something back. */
  'hold_back',
] as const
export type DecisionKind = (typeof DECISION_KINDS)[number]

export interface Decision {
  readonly atMs: number
  readonly router: string
  readonly kind: DecisionKind
  readonly prefix: Prefix | undefined
  readonly fromInterface: string | undefined
  readonly toInterface: string | undefined
  /** Traffic that it concerns, bit/s. */
  readonly bps: number | undefined
  /** One sentence for an operator. */
  readonly reason: string
  /** The figures that it was decided on: rates in bit/s, shares of 1, times in ms. */
  readonly inputs: Readonly<Record<string, number | string | boolean>>
  /** False when it was decided but not sent: dry-run, or a cap. */
  readonly acted: boolean
}
