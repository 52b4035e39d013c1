/** FRR: zebra and bgpd of their own in each machine. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { renderFrrRouter } from './frr-config.ts'
import type { RouterSoftware } from './router-software.ts'

export const FRR: RouterSoftware = {
  name: 'FRR',
  renderRouter: () => renderFrrRouter(),
  start: (machine, config, start) => {
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
    return zebra!
  },
  countPaths: async (machine) => {
    const { stdout } = await promisify(execFile)('vtysh', ['-N', machine, '-c', 'show bgp ipv4 unicast json'])
    const { routes } = JSON.parse(stdout) as { routes: Record<string, unknown[]> }
    return new Map(Object.entries(routes).map(([prefix, paths]) => [prefix, paths.length]))
  },
  setWeight: async (machine, weight) => {
    const commands = ['configure terminal', 'route-map FROM-ISP1 permit 10', `set weight ${weight}`, 'end', 'clear bgp ipv4 unicast * soft in']
    await promisify(execFile)('vtysh', ['-N', machine, ...commands.flatMap((command) => ['-c', command])])
  },
  showCommand: (machine) => `vtysh -N ${machine} -c 'show bgp ipv4'`,
}
