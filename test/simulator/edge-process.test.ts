import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { renderEdgeGobgpd } from '../../src/simulator/edge-gobgpd-config.ts'
import type { EdgeOptions } from '../../src/simulator/edge.ts'
import { findFreePort } from '../../src/simulator/free-port.ts'
import { startGobgpd, type Gobgpd } from '../../src/simulator/gobgpd.ts'
import { startEdgeProcess } from '../../src/simulator/start-edge-process.ts'
import { until } from './until.ts'

const PROGRAM = fileURLToPath(new URL('../../src/simulator/edge-process.ts', import.meta.url))
const ADDRESS = '127.0.0.5'
let gobgpd: Gobgpd
let options: EdgeOptions

beforeAll(async () => {
  const port = await findFreePort(ADDRESS)
  const controller = { address: '127.0.0.1', port: 9 }
  const config = renderEdgeGobgpd({ asn: 64512, address: ADDRESS, port, controller })
  gobgpd = await startGobgpd({ config })
  options = {
    agent: ADDRESS, collector: { host: '127.0.0.1', port: 9 }, samplingRate: 100, seed: 1, serversIfIndex: 1,
    counterIntervalMs: 1_000, gobgp: gobgpd.api,
    exits: [
      {
        name: 'peer', ifIndex: 3, speedBps: 100e6, nextHops: ['172.16.0.1'], localPref: 200, asPath: [64601],
        prefixes: ['1.0.0.0/24'],
      },
    ],
  }
})

afterAll(() => gobgpd?.stop())

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('takes commands, tells its state, and refuses with a reason', async () => {
  const edge = await startEdgeProcess(options)
  try {
    await edge.tell({ kind: 'set_flows', flows: [{ to: '1.0.0.1', bps: 30e6, packetBytes: 1000 }] })
    await until('the load is told', () => Math.round((edge.state().loads[0]?.bps ?? 0) / 1e6) === 30)
    expect(edge.state().table).toMatchObject([{ prefix: '1.0.0.0/24', nextHop: '172.16.0.1', exit: 0 }])
    expect(await edge.tell({ kind: 'exits_of', addresses: ['1.0.0.7', '9.9.9.9'] })).toEqual(['peer', null])
    await expect(edge.tell({ kind: 'set_exit_up', exit: 'ix', up: false })).rejects.toThrow('no exit "ix"')
    await expect(edge.tell({ kind: 'start', options })).rejects.toThrow('started already')
  } finally {
    await edge.stop()
  }
  expect(isAlive(edge.pid)).toBe(false)
  await expect(edge.tell({ kind: 'exits_of', addresses: [] })).rejects.toThrow('the edge ended by')
})

test('does not start without its gobgpd, and says so', async () => {
  await expect(startEdgeProcess({ ...options, gobgp: '127.0.0.1:9' })).rejects.toThrow(/UNAVAILABLE|DEADLINE/)
})

test('ends when its standard input does', async () => {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  child.stdin.write(`${JSON.stringify({ id: 1, kind: 'start', options })}\n`)
  await once(lines, 'line')
  const ended = once(child, 'exit')
  child.stdin.end()
  expect(await ended).toEqual([0, null])
})

test('does not outlive a parent that is killed', async () => {
  const parent = spawn(process.execPath, ['--input-type=module', '-e', `
    import { startEdgeProcess } from ${JSON.stringify(PROGRAM.replace('edge-process', 'start-edge-process'))}
    const edge = await startEdgeProcess(${JSON.stringify(options)})
    console.log(edge.pid)
    setInterval(() => {}, 1000)
  `], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
  expect(isAlive(Number(line))).toBe(true)
  parent.kill('SIGKILL')
  await until('the edge has gone, too', () => !isAlive(Number(line)), 3_000)
})
