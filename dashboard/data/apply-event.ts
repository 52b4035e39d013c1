/** What an event of the stream changes in what is shown. Pure. */
import type { LiveEvent } from '../../src/api/json/live-event.ts'
import type { Alarm, Decision, Override, Status } from './rest.ts'

/** What events speak of. */
export interface Told {
  readonly status: Status
  readonly interfaces: Extract<LiveEvent, { event: 'cycle' }>['data']['interfaces']
  readonly overrides: readonly Override[]
  /** Newest first. */
  readonly decisions: readonly Decision[]
}

const DECISIONS = 100

/** Applied twice, or after it was read in a list already, an event changes nothing more. */
export function applyEvent(told: Told, { event, data }: LiveEvent): Told {
  switch (event) {
    case 'cycle': {
      const { at: started, duration_seconds, mode, interfaces } = data
      // The mode that is set is told by the status: it is ahead of that of the last cycle.
      return { ...told, interfaces, status: { ...told.status, last_cycle: { started, duration_seconds, mode } } }
    }
    case 'override_added':
      return { ...told, overrides: [...told.overrides.filter(({ id }) => id !== data.id), data] }
    case 'override_withdrawn':
      return { ...told, overrides: told.overrides.filter(({ id }) => id !== data.id) }
    case 'decision':
      if (told.decisions.some(({ id }) => id === data.id)) return told
      return { ...told, decisions: [data, ...told.decisions].slice(0, DECISIONS) }
    case 'alarm': {
      const { state, ...alarm } = data
      const others = told.status.alarms.filter((known) => !isSameAlarm(known, alarm))
      return { ...told, status: { ...told.status, alarms: state === 'begun' ? [...others, alarm] : others } }
    }
  }
}

function isSameAlarm(a: Alarm, b: Alarm): boolean {
  return a.kind === b.kind && a.router === b.router && a.interface === b.interface
}
