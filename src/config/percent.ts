/** A share of 1 as the number of percent that the file gives: 0.07 is 7, not 7.000000000000001. */
export function percentOf(share: number): number {
  return Number((share * 100).toPrecision(12))
}
