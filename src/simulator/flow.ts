/** Traffic that the servers behind the edge send. Pure. */
import { bitsOf, readAddress, readPrefix, type IpAddress } from './ip-address.ts'

export interface Flow {
  /** Destination: an address, or a prefix over whose hosts the flow is spread. */
  readonly to: string
  readonly bps: number
  /** Length of each packet as an Ethernet frame with its FCS, bytes. */
  readonly packetBytes: number
  /** Hosts that share the rate evenly, at even distances in the prefix (default 1). */
  readonly hosts?: number
}

/** Packets of one length to one address. */
export interface Stream {
  readonly to: IpAddress
  readonly bps: number
  readonly packetBytes: number
}

const SHORTEST_FRAME = 64
const LONGEST_FRAME = 9216

/** The streams that make up a flow; throws RangeError for what no server could send. */
export function expandFlow({ to, bps, packetBytes, hosts = 1 }: Flow): Stream[] {
  if (!(bps >= 0) || !Number.isFinite(bps)) throw new RangeError(`flow to ${to}: ${bps} bit/s is no rate`)
  if (!Number.isInteger(packetBytes) || packetBytes < SHORTEST_FRAME || packetBytes > LONGEST_FRAME) {
    throw new RangeError(
      `flow to ${to}: a frame has ${SHORTEST_FRAME}-${LONGEST_FRAME} bytes, not ${packetBytes}`,
    )
  }
  if (!Number.isInteger(hosts) || hosts < 1) throw new RangeError(`flow to ${to}: ${hosts} hosts`)
  if (!to.includes('/')) {
    if (hosts !== 1) throw new RangeError(`flow to ${to}: several hosts need a prefix`)
    return [{ to: readAddress(to), bps, packetBytes }]
  }
  const prefix = readPrefix(to)
  const size = 1n << BigInt(bitsOf(prefix) - prefix.length)
  if (BigInt(hosts) > size) throw new RangeError(`flow to ${to}: the prefix has no ${hosts} addresses`)
  return Array.from({ length: hosts }, (_, i) => {
    const start = (size * BigInt(i)) / BigInt(hosts)
    // The first address of a block is a network's own, so a host takes the next where there is one.
    const offset = size / BigInt(hosts) > 1n ? start + 1n : start
    return { to: { family: prefix.family, value: prefix.value + offset }, bps: bps / hosts, packetBytes }
  })
}
