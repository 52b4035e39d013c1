/** Bars overrides where something could leak: the gate that reads GoBGP's neighbors and policies. */
import type { Gate, Permission, SentSource } from '../../controller/ports.ts'
import type { Finding } from '../../model/alarm.ts'
import type { Router } from '../../model/topology.ts'
import { formatFinding, type LeakFinding } from './finding.ts'
import type { InspectionOptions } from './inspection-options.ts'
import { Inspection } from './inspection.ts'

export interface LeakGuardOptions extends Omit<InspectionOptions, 'target' | 'routers'> {
  readonly routers: readonly Pick<Router, 'name' | 'address' | 'gobgp'>[]
}

export interface LeakGuard extends Gate, SentSource {
  /** What is wrong with the gobgpd at the target, as of the last look. */
  findings(target: string): readonly LeakFinding[]
  alarms(): Finding[]
}

/**
 * Looks whenever a router's cycle asks, so that every cycle acts on what was true at most 2 s before. A leak
 * is answered with `withdraw_all`, as an override that is in force is what leaks; settings that cannot be
 * read with `no_additions`.
 */
export function createLeakGuard({ routers, ...options }: LeakGuardOptions): LeakGuard {
  const targetOf = new Map(routers.map(({ name, gobgp }) => [name, gobgp]))
  const inspections = new Map(
    [...Map.groupBy(routers, ({ gobgp }) => gobgp)].map(([target, its]) => [
      target,
      new Inspection({ ...options, target, routers: its }),
    ]),
  )
  const findings = (target: string): readonly LeakFinding[] => inspections.get(target)?.findings() ?? []

  return {
    permission: async (router) => {
      const target = targetOf.get(router)!
      const look = await inspections.get(target)!.look()
      if (look.kind === 'failed') {
        return { kind: 'no_additions', why: `GoBGP's neighbors and policies cannot be read (${look.why})` }
      }
      return judge(target, look.findings)
    },
    findings,
    unsent: (router) => inspections.get(targetOf.get(router)!)!.unsent(router),
    alarms: () => routers.flatMap(({ name, gobgp }) => alarmsOf(name, gobgp, findings(gobgp))),
  }
}

function judge(target: string, findings: readonly LeakFinding[]): Permission {
  const leaks = findings.filter(({ kind }) => kind === 'leak')
  if (leaks.length === 0) return { kind: 'granted' }
  return { kind: 'withdraw_all', why: `routes could leak from gobgpd at ${target}: ${inWords(leaks)}` }
}

function alarmsOf(router: string, target: string, findings: readonly LeakFinding[]): Finding[] {
  const [leaks, doubts] = [
    findings.filter((f) => f.kind === 'leak'),
    findings.filter((f) => f.kind === 'doubt'),
  ]
  const about = { router, interface: undefined }
  const at = `gobgpd at ${target}`
  const found: Finding[] = []
  if (leaks.length > 0) {
    const what = `routes could leak from ${at}, so that nothing is injected for ${router}`
    const message = `${what}: ${inWords(leaks)}`
    found.push({ kind: 'leak_risk', ...about, message })
  }
  if (doubts.length > 0) {
    found.push({ kind: 'gobgpd_doubtful', ...about, message: `${at}: ${inWords(doubts)}` })
  }
  return found
}

function inWords(findings: readonly LeakFinding[]): string {
  return findings.map(formatFinding).join('; ')
}
