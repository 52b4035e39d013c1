/** Datagrams that the kernel dropped because nobody read them in time: Linux tells it in /proc/net/udp. */
import { readFileSync } from 'node:fs'

/** Drops of all UDP sockets on a local port of this network namespace; 0 where the system does not tell. */
export function readKernelDrops(port: number): number {
  return dropsIn(readTable('/proc/net/udp'), port) + dropsIn(readTable('/proc/net/udp6'), port)
}

/** Drops (the last column) of the sockets on the port, in the format of proc(5). */
export function dropsIn(table: string, port: number): number {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  let drops = 0
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/)
    if (fields[1]?.endsWith(suffix) === true) drops += Number(fields.at(-1)) || 0
  }
  return drops
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
