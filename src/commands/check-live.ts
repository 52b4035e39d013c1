/**
 * The command `check --live`: asks the real surroundings, and says of each thing whether it is as it should
 * be.
 */
import { loadOrReport } from '../config/load-or-report.ts'
import { formatFinding, formatTotals } from '../preflight/finding.ts'
import { gatherFacts } from '../preflight/gather.ts'
import { judge } from '../preflight/judge.ts'
import type { CommandIo } from './command-io.ts'

/**
 * Returns 0 when nothing is bad, 1 when something is, 2 when the configuration has faults. Changes nothing.
 */
export async function checkLiveCommand(file: string, seconds: number, io: CommandIo): Promise<0 | 1 | 2> {
  const config = loadOrReport(file, io.env, (text) => io.err(text))
  if (config === undefined) return 2
  io.err(`asking gobgpd, and listening for sFlow for at most ${seconds} s\n`)
  const findings = judge(await gatherFacts(config, file, io.env, seconds))
  for (const finding of findings) io.out(`${formatFinding(finding)}\n`)
  io.out(`${formatTotals(findings)}\n`)
  return findings.some(({ verdict }) => verdict === 'bad') ? 1 : 0
}
