/** Draws from a Poisson distribution. No clock, no I/O. */

/** Above this mean the normal distribution is close enough. */
const LARGE_MEAN = 40

/** Number of events when so many are to be expected; `random` is uniform in [0, 1). */
export function drawPoisson(mean: number, random: () => number): number {
  if (mean > LARGE_MEAN) return Math.max(0, Math.round(mean + Math.sqrt(mean) * drawNormal(random)))
  const limit = Math.exp(-mean)
  let events = 0
  for (let product = random(); product > limit; product *= random()) events++
  return events
}

/** Normal with mean 0 and standard deviation 1 (Box and Muller). */
export function drawNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
