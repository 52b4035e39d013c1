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
  const answered = report.routers.filter(({ gobgpAnswers }) => gobgpAnswers)
  if (gobgp.some(({ connected }) => connected) && answered.length === 0) {
    missing.push('no GoBGP answers in time')
  }
  if (sessions.some((r) => telemetry.includes(r) && answered.includes(r))) return missing
  if (sessions.length === 0) missing.push('no router has its BGP session up and its routes read')
  if (telemetry.length === 0) {
    missing.push(`no router sends telemetry that can be used${tellFaults(report.routers)}`)
  }
  if (missing.length === 0) missing.push('no router has all of session, telemetry and a GoBGP that answers')
  return missing
}

/** Heard of late; a router that never spoke is called silent, too. */
function isHeard({ telemetry, telemetryState }: RouterReport): boolean {
  const everHeard = telemetry.lastFlowMs !== undefined || telemetry.lastCounterMs !== undefined
  return everHeard && (telemetryState === 'fresh' || telemetryState === 'silent')
}

/** ` (edge1: what is missing or cannot be true; edge2: …)`. */
function tellFaults(routers: readonly RouterReport[]): string {
  const told = routers
    .filter((r) => r.telemetryFaults.length > 0)
    .map((r) => `${r.name}: ${r.telemetryFaults.join(', ')}`)
  return told.length === 0 ? '' : ` (${told.join('; ')})`
}
