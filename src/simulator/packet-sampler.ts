/** Random 1-in-N packet sampling, as a switch does it (sFlow version 5, section 3.1). No clock, no I/O. */

export interface PacketSampler {
  /** How many of the next `packets` packets are sampled. */
  sample(packets: number): number
  /** Takes each packet with probability 1/N from now on; N is at least 1. */
  setRate(rate: number): void
}

/**
 * Each packet is taken with probability 1/rate, independently of all others. Instead of one draw per packet,
 * the number of packets up to the next sample is drawn from its geometric distribution:
 * ⌊ln(1 − u) / ln(1 − 1/N)⌋ packets pass in between, with u uniform in [0, 1).
 */
export function createPacketSampler(rate: number, random: () => number): PacketSampler {
  let current = rate
  const drawSkip = (): number =>
    current === 1 ? 0 : Math.floor(Math.log(1 - random()) / Math.log(1 - 1 / current))
  let skip = drawSkip()

  return {
    sample: (packets) => {
      let taken = 0
      let left = packets
      while (skip < left) {
        left -= skip + 1
        taken++
        skip = drawSkip()
      }
      skip -= left
      return taken
    },
    setRate: (next) => {
      current = next
      skip = drawSkip()
    },
  }
}

/**
 * Uniform numbers in [0, 1), the same for the same seed: a 32-bit counter run through a mixer of
 * multiplications and shifts. Good enough to sample with, and for nothing else.
 */
export function createRandom(seed: number): () => number {
  let counter = seed >>> 0
  return () => {
    counter = (counter + 0x9e3779b9) >>> 0
    let mixed = Math.imul(counter ^ (counter >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}
