/** From a plan to what is sent to GoBGP, with everything that stands in its way. Pure. */
import type { Decision, DecisionKind } from '../model/decision.ts'
import type { Mode } from '../model/mode.ts'
import type { InstalledOverride, OverrideKey } from '../model/override.ts'
import { contains, formatPrefix, type Prefix } from '../model/prefix.ts'
import type { Observation } from './observation.ts'
import type { RouterPlan } from './plan/plan.ts'
import { reconcile, type Changes, type OverrideForm } from './reconcile.ts'

/** What is to be done, and why. */
export interface Verdict {
  readonly plan: RouterPlan
  readonly changes: Changes
  readonly decisions: readonly Decision[]
  /** The session is to be opened when the changes are made. */
  readonly opens: boolean
}

export interface VerdictRules {
  readonly mode: Mode
  /** Nothing may be sent, but withdrawals of what is `owned`. */
  readonly dryRun: boolean
  /** Prefixes of overrides that this process installed or adopted. */
  readonly owned: ReadonlySet<string>
  /** Prefixes of overrides that GoBGP has lost of late: it was restarted. */
  readonly lost: ReadonlySet<string>
  /** A session that awaits to be opened has waited long enough for whoever may inject. */
  readonly opensAnyway: boolean
  readonly form: OverrideForm
}

const NO_CHANGES: Changes = { add: [], withdraw: [] }

/** What the plan comes to in what was observed. */
export function giveVerdict(
  router: string,
  plan: RouterPlan,
  seen: Observation,
  rules: VerdictRules,
): Verdict {
  const { nowMs, session, installed, permission } = seen
  const { mode, dryRun, owned, lost, opensAnyway, form } = rules
  const mayInject = permission.kind === 'granted' && !dryRun
  const opens = session.awaitsOpen === true && installed !== undefined && (mayInject || opensAnyway)
  const heldBack =
    permission.kind === 'granted'
      ? []
      : [decision(router, 'hold_back', undefined, `nothing is injected: ${permission.why}`, nowMs)]
  if (installed === undefined || permission.kind === 'stand_by') {
    return { plan, changes: NO_CHANGES, decisions: [...plan.decisions, ...heldBack], opens }
  }
  const wanted = plan.overrides.filter(({ dry }) => !dry).map(({ override }) => override)
  const mayWithdraw = ({ prefix }: OverrideKey): boolean =>
    mode === 'off' || !dryRun || owned.has(formatPrefix(prefix))
  const { add, withdraw } = reconcile(wanted, installed, form, mayWithdraw)
  // Guard 5: while the routes are not known, nothing covers an addition; but what was in force a moment ago
  // is put in again at once, so that the router does not even see that GoBGP was away. It is looked at when
  // they are known.
  const changes =
    permission.kind === 'granted'
      ? { add: session.synced ? add : add.filter(({ prefix }) => lost.has(formatPrefix(prefix))), withdraw }
      : { add: [], withdraw: [...withdraw, ...outdated(add, installed)] }
  const gone = withdrawAllReason(seen, mode)
  const onlyDecided = new Set(
    plan.overrides.filter(({ dry }) => dry).map(({ override }) => formatPrefix(override.prefix)),
  )
  const reasonFor = (prefix: Prefix): string =>
    gone ??
    (dryRun || onlyDecided.has(formatPrefix(prefix))
      ? 'it is only decided now (dry-run)'
      : 'it is not wanted any more')
  const withdrawals = unexplained(changes, plan).map((prefix) =>
    withdrawal(router, prefix, reasonFor(prefix), nowMs),
  )
  return { plan, changes, decisions: [...plan.decisions, ...heldBack, ...withdrawals], opens }
}

/** Why everything of a router must go; undefined when it need not. */
export function withdrawAllReason(
  { telemetryState, telemetryFaults, permission }: Observation,
  mode: Mode,
): string | undefined {
  if (mode === 'off') return 'the mode is off'
  if (permission.kind === 'withdraw_all') return permission.why
  if (telemetryState !== 'lost') return undefined
  return `the router's telemetry is lost (${telemetryFaults.join('; ')})`
}

/** Withdrawals that no decision of the plan is about. */
function unexplained({ withdraw }: Changes, { decisions }: RouterPlan): Prefix[] {
  return withdraw
    .map(({ prefix }) => prefix)
    .filter(
      (prefix) => !decisions.some((d) => d.acted && d.prefix !== undefined && contains(d.prefix, prefix)),
    )
}

/** Overrides that are there, but not as they would have to be. */
function outdated(add: Changes['add'], installed: readonly InstalledOverride[]): readonly OverrideKey[] {
  const there = new Set(installed.map(({ prefix }) => formatPrefix(prefix)))
  return add.filter(({ prefix }) => there.has(formatPrefix(prefix)))
}

/** The decision to withdraw what no plan is about. */
export function withdrawal(router: string, prefix: Prefix, why: string, atMs: number): Decision {
  return decision(router, 'withdraw', prefix, `${formatPrefix(prefix)} is withdrawn: ${why}`, atMs)
}

function decision(
  router: string,
  kind: DecisionKind,
  prefix: Prefix | undefined,
  reason: string,
  atMs: number,
): Decision {
  return {
    atMs,
    router,
    kind,
    prefix,
    fromInterface: undefined,
    toInterface: undefined,
    bps: undefined,
    reason,
    inputs: {},
    acted: kind === 'withdraw',
  }
}
