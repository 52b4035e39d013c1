/** Hashing of 32-bit words, for tables that must not allocate. */

/** Mixes one more word into a hash; start from a number that outsiders do not know. Signed 32-bit. */
export function mixHash(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}
