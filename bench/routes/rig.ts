/** A real gobgpd, routers that give it full tables, and readers of it; all on loopback, all in processes of their own. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { renderGobgpdConfig } from '../../src/bgp/gobgpd-config.ts'
import { parseAddress } from '../../src/model/prefix.ts'
import { parseCommunity } from '../../src/model/route.ts'
import { findFreePort } from '../../src/simulator/free-port.ts'
import { startGobgpd, type Gobgpd } from '../../src/simulator/gobgpd.ts'
import type { BareOrder } from './bare-process.ts'
import { EXITS } from './bench-traffic.ts'
import { startChild, type Child } from './child.ts'
import type { FeederOrder, FeederSetup } from './feeder-process.ts'
import type { ReaderOrder } from './reader-process.ts'

export interface RigOptions {
  /** Command that starts gobgpd. */
  readonly gobgpd: string
  /** Where t4.bin and t6.bin are; see `makeTables`. */
  readonly folder: string
  /** Each tells the whole table. */
  readonly routers: number
  /** Of each prefix, by each router. */
  readonly paths: number
}

export interface Rig {
  readonly gobgpd: Gobgpd
  readonly addresses: readonly string[]
  readonly feeders: readonly Child<FeederOrder>[]
  /** Paths that all routers have to tell. */
  readonly paths: number
  /** Brings up a router's session; it is a new one after `drop`. */
  connect(router: number): Promise<void>
  startReader(): Promise<Child<ReaderOrder>>
  startBare(): Promise<Child<BareOrder>>
  /** Sends sFlow of the table's destinations to the port, so many datagrams a second, until `stop`. */
  startSflow(port: number, perSecond: number): void
  stop(): Promise<void>
}

const ASN = 65001
const GOBGP_ADDRESS = '127.0.0.1'
const PREFIXES_PER_GROUP = 6
/** Longer than a run takes. */
const SFLOW_SECONDS = 7200

/** Writes a table of so many prefixes into the folder, unless it is there. Needs gcc. */
export function makeTables(folder: string, ipv4: number, ipv6: number): void {
  if (existsSync(join(folder, 't6.bin'))) return
  mkdirSync(folder, { recursive: true })
  execFileSync(compile('full-table', folder), [String(ipv4), String(ipv6)], { cwd: folder })
}

/** Makes a program of a C file of bench/; gives its path. */
function compile(name: string, folder: string): string {
  const program = join(folder, name)
  execFileSync('gcc', ['-O2', '-o', program, join(import.meta.dirname, '..', `${name}.c`), '-lm'], { stdio: 'inherit' })
  return program
}

export async function startRig({ gobgpd: command, folder, routers, paths }: RigOptions): Promise<Rig> {
  const addresses = Array.from({ length: routers }, (_, n) => `127.0.0.${n + 3}`)
  const listenPort = await findFreePort(GOBGP_ADDRESS)
  const gobgpd = await startGobgpd({
    command,
    config: renderGobgpdConfig({
      asn: ASN, routerId: '10.255.0.1', listenPort, marker: parseCommunity('64512:100'),
      localAddresses: [parseAddress(GOBGP_ADDRESS)],
      neighbors: addresses.map((address) => ({ address: parseAddress(address), localAddress: parseAddress(GOBGP_ADDRESS) })),
    }),
  })
  const children: Child<never>[] = []
  const start = async <Order extends object>(file: string, arg: string): Promise<Child<Order>> => {
    const child = await startChild<Order>(file, arg)
    children.push(child)
    return child
  }
  const senders: { stop(): Promise<void> }[] = []
  const stop = async (): Promise<void> => {
    await Promise.all([...senders, ...children, gobgpd].map((one) => one.stop()))
  }
  try {
    const setup: FeederSetup = { folder, shape: { paths, exits: EXITS, prefixesPerGroup: PREFIXES_PER_GROUP } }
    const feeders = await Promise.all(addresses.map(() => start<FeederOrder>('feeder-process.ts', JSON.stringify(setup))))
    const sizes = await Promise.all(feeders.map((feeder) => feeder.ask<{ paths: number }>({ kind: 'count' })))
    return {
      gobgpd, addresses, feeders,
      paths: sizes.reduce((sum, size) => sum + size.paths, 0),
      connect: async (router) => {
        const peer = { address: GOBGP_ADDRESS, port: listenPort }
        await feeders[router]!.ask({ kind: 'connect', speaker: { asn: ASN, address: addresses[router]!, peer } })
      },
      startReader: () => start<ReaderOrder>('reader-process.ts', folder),
      startBare: () => start<BareOrder>('bare-process.ts', ''),
      startSflow: (port, perSecond) => {
        const args = ['send', String(port), String(perSecond), String(perSecond * SFLOW_SECONDS)]
        const sender = spawn('setpriv', ['--pdeathsig', 'SIGKILL', compile('sflow-load', folder), ...args], {
          env: { ...process.env, TABLE_DIR: folder }, stdio: ['ignore', 'ignore', 'inherit'],
        })
        const ended = once(sender, 'exit')
        senders.push({
          stop: async () => {
            sender.kill()
            await ended
          },
        })
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
