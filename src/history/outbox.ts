/** Records that wait to be written: a bounded number, the oldest go when there are more. */
import type { HistoryRecord } from './records.ts'

/** Some minutes of 200 interfaces, and thousands of decisions: about 10 MB. */
const MOST_WEIGHT = 20_000

export class Outbox {
  #records: HistoryRecord[] = []
  #weight = 0
  #lost = 0

  add(record: HistoryRecord): void {
    this.#records.push(record)
    this.#weight += weigh(record)
    while (this.#weight > MOST_WEIGHT) {
      this.#weight -= weigh(this.#records.shift()!)
      this.#lost++
    }
  }

  /** All that waits, which is then gone from here. */
  take(): readonly HistoryRecord[] {
    const taken = this.#records
    this.#records = []
    this.#weight = 0
    return taken
  }

  /** What could not be written waits before all that came since. */
  putBack(records: readonly HistoryRecord[]): void {
    const newer = this.take()
    for (const record of [...records, ...newer]) this.add(record)
  }

  get isEmpty(): boolean {
    return this.#records.length === 0
  }

  /** Records that had to go, since start. */
  get lost(): number {
    return this.#lost
  }
}

function weigh(record: HistoryRecord): number {
  switch (record.kind) {
    case 'overrides':
      return 1 + record.held.length + record.added.size + record.reasons.length
    case 'loads':
      return 1 + record.loads.length
    case 'alarms':
      return 1 + record.active.length
    case 'decision':
    case 'mode':
    case 'routers':
      return 1
  }
}
