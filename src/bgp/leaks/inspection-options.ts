/** What it takes to look at one gobgpd. */
import type { Logger } from 'pino'
import type { Clock } from '../../model/clock.ts'
import type { Bgp } from '../bgp.ts'
import type { KnownRouters } from './setup.ts'

export interface InspectionOptions {
  readonly bgp: Pick<Bgp, 'setup' | 'sentTo' | 'status'>
  readonly target: string
  /** Those that name this gobgpd. */
  readonly routers: KnownRouters
  readonly marker: number
  readonly clock: Clock
  readonly logger: Logger
}
