/** What the preflight says of the surroundings. */

/**
 * `good`: as it should be. `doubtful`: it will run, but know the price. `bad`: it cannot do its work like
 * this.
 */
export const VERDICTS = ['good', 'doubtful', 'bad'] as const
export type Verdict = (typeof VERDICTS)[number]

export interface Finding {
  readonly verdict: Verdict
  /** What it is about: a gobgpd, a router, an interface, sFlow, this host. */
  readonly about: string
  /** What was found, with its figures. */
  readonly what: string
  /** What to do; undefined when there is nothing to do. */
  readonly remedy: string | undefined
}

export function good(about: string, what: string): Finding {
  return { verdict: 'good', about, what, remedy: undefined }
}

export function doubtful(about: string, what: string, remedy?: string): Finding {
  return { verdict: 'doubtful', about, what, remedy }
}

export function bad(about: string, what: string, remedy: string): Finding {
  return { verdict: 'bad', about, what, remedy }
}

/** One line, without its end. */
export function formatFinding({ verdict, about, what, remedy }: Finding): string {
  return `${verdict.padEnd(8)}  ${about}: ${what}${remedy === undefined ? '' : ` -> ${remedy}`}`
}

/** The last line: how many of each. */
export function formatTotals(findings: readonly Finding[]): string {
  return VERDICTS.map((verdict) => `${findings.filter((f) => f.verdict === verdict).length} ${verdict}`).join(
    ', ',
  )
}
