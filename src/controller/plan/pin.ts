/** An operator's order to lead a prefix to an exit. */
import type { Prefix } from '../../model/prefix.ts'

export interface Pin {
  readonly prefix: Prefix
  readonly toInterface: string
  /** It ends then, ms since the epoch. */
  readonly untilMs: number
  /** The override's reason: by whom, and until when. */
  readonly reason: string
}

/** What became of a pin. */
export interface PinResult {
  readonly pin: Pin
  /** The guard that it ran into, in words; undefined when the plan has it. */
  readonly refusal: string | undefined
  /** It is wanted, and not sent: dry-run. */
  readonly dry: boolean
}
