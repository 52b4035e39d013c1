/** What an edge in a process of its own is told, and what it tells: JSON, one object on each line. */
import type { Edge, EdgeOptions, NamedLoad } from './edge.ts'
import type { Flow } from './flow.ts'
import type { ForwardingEntry } from './forwarding-table.ts'
import type { SflowFaults } from './sflow-agent.ts'

/** The first command is `start`. */
export type EdgeCommand =
  | { readonly kind: 'start'; readonly options: EdgeOptions }
  | { readonly kind: 'set_flows'; readonly flows: readonly Flow[] }
  /** Result: the exits of the addresses, null without a route. */
  | { readonly kind: 'exits_of'; readonly addresses: readonly string[] }
  | { readonly kind: 'announce' | 'withdraw'; readonly exit: string; readonly prefixes?: readonly string[] }
  | { readonly kind: 'set_exit_up'; readonly exit: string; readonly up: boolean }
  | { readonly kind: 'renumber'; readonly exit: string; readonly ifIndex: number }
  | { readonly kind: 'set_sampling_rate'; readonly rate: number }
  | { readonly kind: 'heed_overrides'; readonly heeded: boolean }
  | { readonly kind: 'set_faults'; readonly faults: Partial<SflowFaults> }

export type RunningCommand = Exclude<EdgeCommand, { kind: 'start' }>

/** A line on standard input. The reply carries the same id. */
export type EdgeRequest = EdgeCommand & { readonly id: number }

/** A line on standard output. */
export type EdgeMessage =
  | { readonly kind: 'reply'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: string }
  | ({ readonly kind: 'state' } & EdgeState)

export interface EdgeState {
  readonly loads: readonly NamedLoad[]
  readonly table: readonly ForwardingEntry[]
}

/** Carries out all commands but `start`. */
export async function runEdgeCommand(edge: Edge, command: RunningCommand): Promise<unknown> {
  switch (command.kind) {
    case 'exits_of':
      return command.addresses.map((address) => edge.exitOf(address) ?? null)
    case 'set_flows':
      edge.setFlows(command.flows)
      break
    case 'announce':
      await edge.announce(command.exit, command.prefixes)
      break
    case 'withdraw':
      await edge.withdraw(command.exit, command.prefixes)
      break
    case 'set_exit_up':
      await edge.setExitUp(command.exit, command.up)
      break
    case 'renumber':
      edge.renumber(command.exit, command.ifIndex)
      break
    case 'set_sampling_rate':
      edge.setSamplingRate(command.rate)
      break
    case 'heed_overrides':
      edge.heedOverrides(command.heeded)
      break
    case 'set_faults':
      edge.setFaults(command.faults)
      break
  }
  return undefined
}
