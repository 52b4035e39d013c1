/** ifSpeed as counter samples tell it. Pure but for its own state. */
import type { Contradiction } from '../../model/traffic.ts'
import { formatRate } from '../../model/units.ts'

/**
 * A speed is believed when a second sample in a row confirms it: one wrong one would make an idle link look
 * full, or a full one idle.
 */
export class ToldSpeed {
  #toldBps: number | undefined
  #believedBps: number | undefined
  /** The speed from before a restart that the interface has not come back with. */
  #lostBps: number | undefined

  /** Bit/s; undefined while unknown, 0 when the agent does not know it. */
  get bps(): number | undefined {
    return this.#believedBps
  }

  /** Takes the speed of a sample; `hasRestarted`: the agent did so since the one before; `isSure`: it needs no second one. */
  hear(bps: number, hasRestarted: boolean, isSure = false): void {
    if (hasRestarted) this.#lostBps ??= this.#believedBps
    if (bps === this.#toldBps || isSure) this.#believedBps = bps
    this.#toldBps = bps
    if (bps === this.#lostBps && bps === this.#believedBps) this.#lostBps = undefined
  }

  /** An ifIndex that comes back from a restart with another speed is perhaps another interface's now. */
  get contradiction(): Contradiction | undefined {
    const [before, now] = [this.#lostBps ?? 0, this.#toldBps ?? 0]
    if (before === 0 || now === 0 || now === before) return undefined
    const had = `its ifIndex had ${formatRate(before)} before its agent restarted`
    const evidence = `${had}, and has ${formatRate(now)} now`
    return { kind: 'ifindex_mismatch', evidence }
  }
}
