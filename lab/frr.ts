/** FRR: zebra and bgpd of their own in each machine. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { renderFrrRouter } from './frr-config.ts'
import type { TiedProcess } from '../src/simulator/tied-process.ts'
import type { RouterSoftware } from './router-software.ts'
import { until } from './until.ts'

export const FRR: RouterSoftware = {
  name: 'FRR',
  renderRouter: () => renderFrrRouter(),
  start: async (machine, config, start) => {
    const folder = `/etc/frr/${machine}`
    const sockets = `/run/frr/${machine}`
    for (const own of [folder, sockets]) {
      mkdirSync(own, { recursive: true })
      execFileSync('chown', ['frr:frr', own])
    }
    // vtysh wants one.
    writeFileSync(`${folder}/vtysh.conf`, '')
    writeFileSync(`${folder}/zebra.conf`, `hostname ${machine}\n`)
    writeFileSync(`${folder}/bgpd.conf`, `hostname ${machine}\n${config}`)
    const startDaemon = async (name: string, socket: string, ...options: string[]): Promise<TiedProcess> => {
      const daemon = start(machine, [`/usr/lib/frr/${name}`, '-N', machine, '-f', `${folder}/${name}.conf`, ...options])
      daemon.process.stdout!.resume()
      await until(`${name} of ${machine} answers`, () => existsSync(`${sockets}/${socket}`))
      return daemon
    }
    // A bgpd that zebra has not told of interfaces yet drops what is sent with a link-local next hop beside the other.
    const zebra = await startDaemon('zebra', 'zserv.api', '--v6-rr-semantics')
    await startDaemon('bgpd', 'bgpd.vty')
    return zebra
  },
  countPaths: async (machine) => {
    const count = async (family: string): Promise<[string, number][]> => {
      const { stdout } = await promisify(execFile)('vtysh', ['-N', machine, '-c', `show bgp ${family} unicast json`])
      const { routes } = JSON.parse(stdout) as { routes: Record<string, unknown[]> }
      return Object.entries(routes).map(([prefix, paths]) => [prefix, paths.length])
    }
    return new Map((await Promise.all(['ipv4', 'ipv6'].map(count))).flat())
  },
  setWeight: async (machine, weight) => {
    const commands = ['configure terminal', 'route-map FROM-ISP1 permit 10', `set weight ${weight}`, 'end', 'clear bgp * soft in']
    await promisify(execFile)('vtysh', ['-N', machine, ...commands.flatMap((command) => ['-c', command])])
  },
  showCommand: (machine) => `vtysh -N ${machine} -c 'show bgp ipv4' -c 'show bgp ipv6'`,
}
