/** Faults between durations and limits that could not work together. */
import { formatDuration } from '../model/units.ts'
import type { KeyPath } from './config-error.ts'
import type { Places } from './places.ts'
import type { Draft } from './schema.ts'

interface Setting<Value> {
  readonly path: KeyPath
  readonly value: Value
}

/** Checks whatever the draft holds and reports to `places`. */
export function checkRelations({ sflow, controller, bgp }: Draft, places: Places): void {
  const setting = <Value>(value: Value | undefined, ...path: KeyPath): Setting<Value> | undefined =>
    value === undefined || places.isFaulty(path) ? undefined : { value, path }

  const interval = setting(controller?.interval, 'controller', 'interval')
  const window = setting(sflow?.window, 'sflow', 'window')
  const stale = setting(controller?.stale_after, 'controller', 'stale_after')
  const withdraw = setting(controller?.withdraw_after, 'controller', 'withdraw_after')
  const lease = setting(controller?.lease, 'controller', 'lease')
  type Duration = Setting<number> | undefined
  const atLeast = (later: Duration, sooner: Duration, times: number, why: string): void => {
    if (later === undefined || sooner === undefined || later.value >= sooner.value * times) return
    const factor = times === 1 ? '' : `${times} × `
    const bound = `${factor}${sooner.path.join('.')} (${formatDuration(sooner.value)})`
    const given = places.has(later.path) ? '' : ` (its default is ${formatDuration(later.value)})`
    places.report(later.path, `must be at least ${bound}${given}: ${why}`)
  }
  atLeast(window, interval, 1, 'traffic between two cycles would go unseen')
  atLeast(stale, interval, 2, 'telemetry would be called stale between two cycles')
  atLeast(withdraw, stale, 1, 'overrides would go before telemetry is called stale')
  atLeast(lease, interval, 3, 'one late cycle would drop every override')

  const limits = controller?.limits
  const perRouter = limits?.max_overrides_per_router
  const most = setting(limits?.max_overrides, 'controller', 'limits', 'max_overrides')
  if (most !== undefined && perRouter !== undefined && perRouter > most.value) {
    const path = ['controller', 'limits', 'max_overrides_per_router']
    places.report(path, `must not be above max_overrides, ${most.value}`)
  }
  if (bgp !== undefined && bgp.marker_community >= 0xffff0000) {
    places.report(['bgp', 'marker_community'], 'must not be a well-known community (65535:…, RFC 1997)')
  }
}
