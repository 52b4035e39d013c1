/** Says what the intake refuses: it counts only, as it may run in another thread. */
import { formatAddress } from '../model/prefix.ts'
import type { IntakeStats } from './intake/intake-stats.ts'
import type { LimitedLog } from './limited-log.ts'
import { MALFORMED_REASONS } from './sflow/samples.ts'

export class IntakeWarnings {
  readonly #log: LimitedLog
  readonly #told = new Map<string, number>()

  constructor(log: LimitedLog) {
    this.#log = log
  }

  /** Tells what has been counted since it was last called. */
  tell(intakes: readonly IntakeStats[]): void {
    for (const reason of MALFORMED_REASONS) {
      const total = intakes.reduce((sum, stats) => sum + stats.malformed(reason), 0)
      this.#tell(`malformed_${reason}`, 'refused sFlow datagrams or samples', total, () => ({ reason }))
    }
    const strangers = intakes.reduce((sum, stats) => sum + stats.count('unknownAgent'), 0)
    this.#tell(
      'unknown_agent',
      'sFlow from an agent that no router has as its sflow_agent',
      strangers,
      () => {
        const stats = intakes.find((one) => one.count('unknownAgent') > 0)
        return { agent: stats === undefined ? undefined : formatAddress(stats.stranger) }
      },
    )
  }

  #tell(kind: string, message: string, total: number, fields: () => object): void {
    const count = total - (this.#told.get(kind) ?? 0)
    if (count <= 0) return
    this.#told.set(kind, total)
    this.#log.warn(kind, message, count, fields)
  }
}
