/** The kernel's own counters of a network namespace's interfaces. Pure. */

/** Running totals; bytes are those of Ethernet frames without their FCS. */
export interface InterfaceTotals {
  readonly inBytes: number
  readonly inPackets: number
  readonly inErrors: number
  readonly inDrops: number
  readonly outBytes: number
  readonly outPackets: number
  readonly outErrors: number
  readonly outDrops: number
}

/** Of a line's columns, 8 are of receive, then 8 of transmit: bytes, packets, errs, drop, … */
const TRANSMIT = 8

/** Reads /proc/net/dev (proc_pid_net(5)) into totals by name of interface. */
export function parseInterfaceTotals(text: string): ReadonlyMap<string, InterfaceTotals> {
  const totals = new Map<string, InterfaceTotals>()
  for (const line of text.split('\n')) {
    const [name, columns] = line.split(':')
    if (name === undefined || columns === undefined) continue
    const values = columns.trim().split(/\s+/).map(Number)
    const column = (i: number): number => values[i]!
    totals.set(name.trim(), {
      inBytes: column(0),
      inPackets: column(1),
      inErrors: column(2),
      inDrops: column(3),
      outBytes: column(TRANSMIT),
      outPackets: column(TRANSMIT + 1),
      outErrors: column(TRANSMIT + 2),
      outDrops: column(TRANSMIT + 3),
    })
  }
  return totals
}
