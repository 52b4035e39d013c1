/** A metric that is read from the view at a scrape: name, labels, meaning, and where it comes from. */
import type { ApiView } from '../view.ts'

export interface MetricFamily {
  readonly kind: 'counter' | 'gauge'
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  /** One sample for each set of labels; what is undefined is left out. */
  readonly read: (view: ApiView) => Iterable<Sample>
}

export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | undefined]
