/** What tells routers apart that share a gobgpd. Pure. */
import type { Address } from './prefix.ts'

/**
 * The number, 32 bits, that marks what is meant for the router at this neighbor address: the address itself,
 * or its four words XORed for IPv6. It does not change when the router is renamed.
 */
export function routerNumber({ family, w0, w1, w2, w3 }: Address): number {
  return (family === 4 ? w0 : w0 ^ w1 ^ w2 ^ w3) >>> 0
}
