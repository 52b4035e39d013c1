/** A kernel's routing table, followed through `ip -tshort monitor route`. Pure. */

export interface RouteChange {
  /** As the kernel's message was read, ms since the epoch. */
  readonly atMs: number
  readonly prefix: string
  /** The device that it leads to now; undefined: the route is gone. */
  readonly device: string | undefined
}

/** Reads a line; undefined when it is none of an IPv4 unicast route through a device. The times are UTC. */
export function parseRouteChange(line: string): RouteChange | undefined {
  const match = /^\[([\d:T.-]+)\] (Deleted )?(\d+(?:\.\d+){3}(?:\/\d+)?) .*?\bdev (\S+)/.exec(line)
  if (match === null) return undefined
  const [, time, deleted, destination, device] = match
  const prefix = destination!.includes('/') ? destination! : `${destination!}/32`
  return { atMs: Date.parse(`${time!}Z`), prefix, device: deleted === undefined ? device : undefined }
}

export class KernelRoutes {
  readonly #devices = new Map<string, string>()
  readonly #changes: RouteChange[] = []

  apply(change: RouteChange): void {
    this.#changes.push(change)
    if (change.device === undefined) this.#devices.delete(change.prefix)
    else this.#devices.set(change.prefix, change.device)
  }

  /** All changes from then on, oldest first. */
  changesSince(ms: number): readonly RouteChange[] {
    return this.#changes.filter(({ atMs }) => atMs >= ms)
  }

  /** The routes through this device, in no order. */
  through(device: string): readonly string[] {
    return [...this.#devices].filter(([, of]) => of === device).map(([prefix]) => prefix)
  }

  has(prefix: string): boolean {
    return this.#devices.has(prefix)
  }
}
