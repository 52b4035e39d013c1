/** What of the table is shown, and what each key changes. Pure. */
import type { InterfaceAnswer, OverrideAnswer, PrefixAnswer, StatusAnswer } from '../service-answers.ts'

/** What the service last answered. */
export interface Snapshot {
  readonly url: string
  readonly status: StatusAnswer
  readonly interfaces: readonly InterfaceAnswer[]
  readonly prefixes: readonly PrefixAnswer[]
  readonly overrides: readonly OverrideAnswer[]
}

export const SORTS = ['rate', 'prefix', 'interface', 'samples'] as const
export type Sort = (typeof SORTS)[number]

export interface TopState {
  /** `ROUTER INTERFACE`; undefined: all. */
  readonly selected: string | undefined
  readonly sort: Sort
  readonly isReversed: boolean
  readonly shows: 'prefixes' | 'overrides'
  readonly isPaused: boolean
  readonly helps: boolean
}

export const AT_START: TopState = {
  selected: undefined, sort: 'rate', isReversed: false, shows: 'prefixes', isPaused: false, helps: false,
}

/** Names an interface for `selected`. */
export function keyOf(router: string, name: string): string {
  return `${router} ${name}`
}

/** After a key, as node:readline names it; unknown ones change nothing. `rows`: what can be selected. */
export function press(state: TopState, key: string, rows: readonly string[]): TopState {
  switch (key) {
    case 'down':
    case 'j':
      return { ...state, selected: step(state.selected, rows, 1) }
    case 'up':
    case 'k':
      return { ...state, selected: step(state.selected, rows, -1) }
    case 's':
      return { ...state, sort: SORTS[(SORTS.indexOf(state.sort) + 1) % SORTS.length]! }
    case 'r':
      return { ...state, isReversed: !state.isReversed }
    case 'o':
      return { ...state, shows: state.shows === 'prefixes' ? 'overrides' : 'prefixes' }
    case 'p':
    case 'space':
      return { ...state, isPaused: !state.isPaused }
    case 'h':
    case '?':
      return { ...state, helps: !state.helps }
    default:
      return state
  }
}

/** All, then each row, and round again. */
function step(selected: string | undefined, rows: readonly string[], by: 1 | -1): string | undefined {
  const all = [undefined, ...rows]
  return all[(Math.max(0, all.indexOf(selected)) + by + all.length) % all.length]
}
