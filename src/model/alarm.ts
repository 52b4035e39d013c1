/** What is wrong now and wants an operator. */

/** Each has a metric, `spillway_alarms{kind}`, that is 0 while all is well. */
export const ALARM_KINDS = [
  'gobgp_unreachable',
  /** GoBGP's neighbors or policies could let a route leak: nothing is injected. */
  'leak_risk',
  'gobgpd_doubtful',
  /** GoBGP holds an override and does not send it. */
  'override_not_sent',
  /** A router has overrides of another one, over iBGP between them. */
  'override_spread',
  'session_down',
  /** Telemetry is missing or not believed: nothing is added or released. */
  'telemetry_silent',
  /** One of a router's sFlow agents has never sent anything. */
  'agent_unheard',
  /** A LAG is measured without a member, of which nothing is told any more. */
  'lag_member_missing',
  /** Flows and counters of an interface tell different loads. */
  'flows_disagree',
  /** What comes under an interface's ifIndex is another's. */
  'ifindex_mismatch',
  /** Another Spillway holds the lease. */
  'lease_foreign',
  /** GoBGP cannot keep a lease, or does not answer. */
  'lease_missing',
  'watchdog_missing',
  'interface_overloaded',
  'interface_down',
  /** What interfaces share is above its high watermark. */
  'shared_exit_full',
  'override_without_effect',
  'override_partial_effect',
  'overrides_ignored',
  'prediction_off',
  'mode_file',
  /** The story of overrides is not kept: a restart would not know why they are there. */
  'override_file',
  'history_unavailable',
] as const
export type AlarmKind = (typeof ALARM_KINDS)[number]

/** Something that is wrong, as one look shows it. At most one of a kind for a router and interface. */
export interface Finding {
  readonly kind: AlarmKind
  /** Undefined when it is no single router's. */
  readonly router: string | undefined
  /** Undefined when it is the whole router's. */
  readonly interface: string | undefined
  /** One sentence for an operator: what is wrong, with the figures, and what follows from it. */
  readonly message: string
}

export interface Alarm extends Finding {
  /** When it was first found, ms since the epoch. */
  readonly sinceMs: number
}
