/** What speaks BGP in a machine of the lab. */
import type { TiedProcess } from '../src/simulator/tied-process.ts'
import type { Machine } from './edge-network.ts'

/** Starts a command in a machine, tied to the lab. */
export type Start = (machine: Machine, command: readonly string[], env?: NodeJS.ProcessEnv) => TiedProcess

export interface RouterSoftware {
  /** As its makers write it. */
  readonly name: string
  /** Its configuration as the edge's router: what docs/ tells users, then the rest of the edge. */
  renderRouter(): string
  /** Resolves with one of its processes when it answers; rejects when it does not. */
  start(machine: Machine, config: string, start: Start): Promise<TiedProcess>
  /** How many paths it has for each prefix; rejects when it does not answer. */
  countPaths(machine: Machine): Promise<ReadonlyMap<string, number>>
  /**
   * Has the inbound policy on the first ISP's session give all that it tells a weight: it then wins whatever its
   * LOCAL_PREF. Missing where the software knows no weight.
   */
  readonly setWeight?: (machine: Machine, weight: number) => Promise<void>
  /** A command that shows them. */
  showCommand(machine: string): string
}
