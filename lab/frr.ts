/** FRR's zebra and bgpd in every machine that speaks BGP, and what they say. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import type { TiedProcess } from '../src/simulator/tied-process.ts'
import type { Machine } from './edge-network.ts'
import { renderBgpdConfigs, type BgpSpeaker } from './frr-config.ts'

/** Starts a command in a machine. */
export type Start = (machine: Machine, command: readonly string[], env?: NodeJS.ProcessEnv) => TiedProcess

/** Starts them all; returns the zebras. */
export function startFrr(start: Start): Readonly<Record<BgpSpeaker, TiedProcess>> {
  const configs = Object.entries(renderBgpdConfigs()) as [BgpSpeaker, string][]
  const zebras = configs.map(([machine, config]) => {
    const folder = `/etc/frr/${machine}`
    for (const own of [folder, `/run/frr/${machine}`]) {
      mkdirSync(own, { recursive: true })
      execFileSync('chown', ['frr:frr', own])
    }
    // vtysh wants one.
    writeFileSync(`${folder}/vtysh.conf`, '')
    writeFileSync(`${folder}/zebra.conf`, `hostname ${machine}\n`)
    writeFileSync(`${folder}/bgpd.conf`, `hostname ${machine}\n${config}`)
    const [zebra, bgpd] = ['zebra', 'bgpd'].map((daemon) =>
      start(machine, [`/usr/lib/frr/${daemon}`, '-N', machine, '-f', `${folder}/${daemon}.conf`]))
    for (const daemon of [zebra!, bgpd!]) daemon.process.stdout!.resume()
    return [machine, zebra!] as const
  })
  return Object.fromEntries(zebras) as Record<BgpSpeaker, TiedProcess>
}

/** Paths by prefix, as a machine's bgpd has them. */
export async function showBgp(machine: Machine): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const { stdout } = await promisify(execFile)('vtysh', ['-N', machine, '-c', 'show bgp ipv4 unicast json'])
  return (JSON.parse(stdout) as { routes: Record<string, unknown[]> }).routes
}

/** Prefixes that a machine's bgpd has paths of. */
export async function learnedPrefixes(machine: Machine): Promise<readonly string[]> {
  return Object.keys(await showBgp(machine)).toSorted()
}
