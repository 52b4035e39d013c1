/** Whether the service can do its work, for whoever supervises it. */
import type { RouterReport } from '../controller/report.ts'
import type { ApiView } from './view.ts'

/**
 * What is missing until the service is ready: GoBGP answers, at least one router has its session and its
 * telemetry, and the first plan is made. Empty: ready.
 */
export function findMissing(view: ApiView): string[] {
  const missing: string[] = []
  const gobgp = view.gobgp()
  if (!gobgp.some(({ connected }) => connected)) {
    const reasons = gobgp.map(({ target, lastError }) => `${target}${lastError ? `: ${lastError}` : ''}`)
    missing.push(`no GoBGP answers (${reasons.join('; ')})`)
  }
  const report = view.report()
  if (report === undefined) return [...missing, 'the first plan is not made yet']
  const sessions = report.routers.filter(({ session }) => session.up && session.synced)
  const telemetry = report.routers.filter(isHeard)
  if (sessions.some((r) => telemetry.includes(r))) return missing
  if (sessions.length === 0) missing.push('no router has its BGP session up and its routes read')
  if (telemetry.length === 0) missing.push('no router sends telemetry')
  if (sessions.length > 0 && telemetry.length > 0) missing.push('no router has both of session and telemetry')
  return missing
}

/** Heard of late; a router that never spoke is called silent, too. */
function isHeard({ telemetry, telemetryState }: RouterReport): boolean {
  const everHeard = telemetry.lastFlowMs !== undefined || telemetry.lastCounterMs !== undefined
  return everHeard && (telemetryState === 'fresh' || telemetryState === 'silent')
}
