/** A router's forwarding table: which exit a packet leaves by. Immutable and pure. */
import { bitsOf, maskAddress, readPrefix, type IpAddress, type IpPrefix } from './ip-address.ts'

/** The best usable path for one prefix. */
export interface ForwardingEntry {
  /** `ADDRESS/LENGTH`. */
  readonly prefix: string
  readonly prefixLength: number
  readonly nextHop: string
  /** Index into the edge's exits. */
  readonly exit: number
}

export interface ForwardingTable {
  readonly entries: readonly ForwardingEntry[]
  /** Longest match; undefined when no route holds the address. */
  lookUp(address: IpAddress): ForwardingEntry | undefined
}

export const EMPTY_TABLE: ForwardingTable = buildForwardingTable([])

/** Builds the table: one hash look-up per prefix length in use. */
export function buildForwardingTable(entries: readonly ForwardingEntry[]): ForwardingTable {
  const byPrefix = new Map(entries.map((entry) => [keyOf(readPrefix(entry.prefix)), entry]))
  const lengths = [...new Set(entries.map((entry) => entry.prefixLength))].sort((a, b) => b - a)
  return {
    entries,
    lookUp: (address) => {
      for (const length of lengths) {
        if (length > bitsOf(address)) continue
        const entry = byPrefix.get(keyOf(maskAddress(address, length)))
        if (entry !== undefined) return entry
      }
      return undefined
    },
  }
}

function keyOf({ family, value, length }: IpPrefix): string {
  return `${family}/${length}/${value}`
}
