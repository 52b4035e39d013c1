/** A kernel's routing table, followed through `ip -tshort monitor route`. Pure. */
import { isIPv6 } from 'node:net'

export interface RouteChange {
  /** As the kernel's message was read, ms since the epoch. */
  readonly atMs: number
  readonly prefix: string
  /** The device that it leads to now; undefined: the route is gone. */
  readonly device: string | undefined
}

/** Reads a line; undefined when it is none of a unicast route through a gateway. The times are UTC. */
export function parseRouteChange(line: string): RouteChange | undefined {
  const match = /^\[([\d:T.-]+)\] (Deleted )?([\da-f.:]+(?:\/\d+)?) .*?\bvia \S+ dev (\S+)/.exec(line)
  if (match === null) return undefined
  const [, time, deleted, destination, device] = match
  const isHost = !destination!.includes('/')
  const prefix = isHost ? `${destination!}/${isIPv6(destination!) ? 128 : 32}` : destination!
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
