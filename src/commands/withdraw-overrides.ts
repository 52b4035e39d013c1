/** Our overrides straight out of every gobgpd of a configuration, and what is said of it. */
import { withdrawAll, type Withdrawal } from '../bgp/withdraw-all.ts'
import type { Config } from '../config/config.ts'
import { messageOf } from '../model/error-message.ts'
import { formatPrefix } from '../model/prefix.ts'
import type { CommandIo } from './command-io.ts'
import { findHolder } from './find-holder.ts'

const TIMEOUT_MS = 30_000

/** Every cycle renews the lease; it is 1 s by default. */
const RENEWED_WITHIN_MS = 2_000

/**
 * Prints a line for each gobgpd and each override withdrawn, and on standard error what stays, or may return,
 * and why. True when no gobgpd holds any, and no Spillway is seen that may put them back; `asked`: the one
 * that has been dealt with.
 */
export async function withdrawOverrides(
  { routers, bgp }: Config,
  asked: string | undefined,
  io: CommandIo,
): Promise<boolean> {
  const sharing = [...Map.groupBy(routers, ({ gobgp }) => gobgp)]
  const results = await Promise.all(
    sharing.map(async ([target, group]) => {
      const names = group.map(({ name }) => name).join(', ')
      const aborted = AbortSignal.timeout(TIMEOUT_MS)
      try {
        const withdrawal = await withdrawAll(target, bgp.marker, aborted)
        tell(names, withdrawal, io)
        const owner = await findHolder(target, bgp.marker, RENEWED_WITHIN_MS, aborted).catch(() => undefined)
        if (owner === undefined || owner === asked) return withdrawal.left.length === 0
        io.err(
          `${names}: Spillway ${owner} renews its lease of gobgpd at ${target} and may put overrides back: ` +
            'switch it off, too, where it runs and with its own configuration file\n',
        )
      } catch (error) {
        const remedy = 'what it holds may be in force; call withdraw when it answers'
        io.err(`${names}: nothing is known of its overrides: ${messageOf(error)}: ${remedy}\n`)
      }
      return false
    }),
  )
  return results.every(Boolean)
}

function tell(routers: string, { withdrawn, left }: Withdrawal, io: CommandIo): void {
  const done = withdrawn.length === 0 ? '' : `${withdrawn.length} overrides withdrawn, `
  io.out(`${routers}: ${done}GoBGP holds ${left.length === 0 ? 'none' : left.length}\n`)
  for (const prefix of withdrawn) io.out(`  ${formatPrefix(prefix)}\n`)
  for (const prefix of left) io.err(`${routers}: ${formatPrefix(prefix)} is still there\n`)
}
