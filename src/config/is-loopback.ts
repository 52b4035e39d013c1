/** Tells whether an address reaches this machine only. */
import { contains, parseAddress, parsePrefix } from '../model/prefix.ts'

const LOOPBACK = ['127.0.0.0/8', '::1/128', '::ffff:127.0.0.0/104'].map(parsePrefix)

/** True for the text of an address in 127.0.0.0/8 (RFC 1122, section 3.2.1.3) or ::1 (RFC 4291, 2.5.3). */
export function isLoopback(host: string): boolean {
  const address = parseAddress(host)
  return LOOPBACK.some((prefix) => contains(prefix, address))
}
