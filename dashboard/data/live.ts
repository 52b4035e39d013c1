/** What the page shows. */
import type { Told } from './apply-event.ts'
import type { Status } from './rest.ts'

export interface Live extends Omit<Told, 'status'> {
  /** Undefined until the service was heard for the first time. */
  readonly status: Status | undefined
  /** `lost` from the moment that the service stops answering, with the reason. */
  readonly link: { readonly state: 'opening' | 'live' } | { readonly state: 'lost'; readonly why: string }
  /** When it was last heard, ms of the page's own monotonic clock; its clock less ours, ms. */
  readonly heardMs: number
  readonly offsetMs: number
}

/** What every part gets: the data, and the time by the service's clock, ms since the epoch. */
export interface Seen {
  readonly live: Live
  readonly nowMs: number
}
