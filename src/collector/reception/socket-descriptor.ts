/** Which file descriptor of this process is a UDP socket: Linux tells it in /proc, Node does not. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Descriptors of this process that are sockets, with their inodes. */
export function listSockets(): ReadonlyMap<number, string> {
  const sockets = new Map<number, string>()
  for (const name of readdirSync('/proc/self/fd')) {
    const inode = /^socket:\[(\d+)\]$/.exec(readLink(`/proc/self/fd/${name}`))?.[1]
    if (inode !== undefined) sockets.set(Number(name), inode)
  }
  return sockets
}

/**
 * The descriptor of the UDP socket on a local port that was not among those `before`. Throws when there is
 * none, or no way to know.
 */
export function findDescriptor(port: number, before: ReadonlyMap<number, string>): number {
  const inodes = new Set(
    ['/proc/net/udp', '/proc/net/udp6'].flatMap((path) => inodesIn(readTable(path), port)),
  )
  for (const [descriptor, inode] of listSockets()) {
    if (inodes.has(inode) && before.get(descriptor) !== inode) return descriptor
  }
  throw new Error(`/proc does not tell the descriptor of UDP port ${port}`)
}

/** Inodes of the sockets on a local port, in the format of proc(5). */
function inodesIn(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = table.split('\n').slice(1).map((line) => line.trim().split(/\s+/))
  return rows.filter((fields) => fields[1]?.endsWith(suffix) === true).map((fields) => fields[9] ?? '')
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // No IPv6, or another system.
    return ''
  }
}

/** Descriptors come and go while they are listed. */
function readLink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
