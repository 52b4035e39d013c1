/** The lab as users run it. Where root and namespaces are, it must come true; elsewhere it is skipped. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ensurePackages } from '../../lab/ensure-packages.ts'
import { thisMachine } from '../../src/demo/ensure-gobgpd.ts'
import { until } from '../simulator/until.ts'
import { labObstacle } from './lab-obstacle.ts'

const LAB = fileURLToPath(new URL('../../lab/run', import.meta.url))
const INSTALL_MS = 300_000
const SCENARIO_MS = 120_000
const START_MS = 90_000
/** What moves by `ipv6`. */
const IPV6_ONLY = /^2a00:\d::\/48( 2a00:\d::\/48)*$/
const needed = labObstacle()

interface Lab {
  readonly process: ChildProcess
  /** Exit code. */
  readonly ended: Promise<number | null>
  text: string
}

const started: Lab[] = []

function startLab(...args: string[]): Lab {
  const child = spawn(LAB, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, SPILLWAY_NODE: process.execPath },
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const lab: Lab = { process: child, ended, text: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (lab.text += text))
  }
  started.push(lab)
  return lab
}

/** Rejects with all that it printed. */
async function expectSuccess(lab: Lab): Promise<void> {
  const code = await lab.ended
  if (code !== 0) throw new Error(`the lab ended by exit code ${code}:\n${lab.text}`)
}

/** Ids of all processes that are in this namespace, as /proc/PID/ns names it; zombies are in none. */
function processesIn(namespace: string): number[] {
  return allProcesses().filter((pid) => namespaceOf(pid) === namespace)
}

/** The lab's namespace of processes: that of the child of the child of the one that we started. */
function enclosureOf({ process: outer }: Lab): string {
  const [unshare] = childrenOf(outer.pid!)
  return namespaceOf(childrenOf(unshare!)[0]!)!
}

function childrenOf(pid: number): number[] {
  // pid (name) state ppid …: the name may hold spaces and parentheses.
  const parentOf = (text = ''): number => Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1])
  return allProcesses().filter((one) => parentOf(orNone(() => readFileSync(`/proc/${one}/stat`, 'utf8'))) === pid)
}

function namespaceOf(pid: number): string | undefined {
  return orNone(() => readlinkSync(`/proc/${pid}/ns/pid`))
}

function allProcesses(): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)
}

/** What a lab might leave: mounts, named namespaces, sockets and other files of daemons, links. */
function surroundings(): string[] {
  const folders = ['/run', '/run/netns', '/run/frr', '/etc/frr', '/var/tmp/frr', '/sys/class/net']
  const list = (folder: string): string[] => readdirSync(folder).map((name) => `${folder}/${name}`)
  const entries = folders.flatMap((folder) => orNone(() => list(folder)) ?? [])
  return [...readFileSync('/proc/self/mounts', 'utf8').trim().split('\n'), ...entries].toSorted()
}

/** Processes and folders may go while one reads of them. */
function orNone<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** The cells of a table's line, the first one left out. */
function cells(text: string, label: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith(label))
  return lines.map((line) => line.slice(label.length).trim().split(/ {3,}/))
}

beforeEach((context) => {
  if (needed !== undefined) context.skip(needed)
})

beforeAll(async () => {
  if (needed === undefined) await ensurePackages(thisMachine(), () => {})
}, INSTALL_MS)

afterAll(() => {
  for (const { process: child } of started) child.kill('SIGKILL')
})

describe.concurrent('the scenarios', () => {
  // Once more where a busy machine held it up.
  const patient = { retry: 1, timeout: SCENARIO_MS }
  test('relief within 5 s, with counters every 10 s: flow samples carry the news', patient, async () => {
    const lab = startLab('--scenario', 'seconds', '--runs', '1', '--counters', '10')
    await expectSuccess(lab)
    expect(cells(lab.text, 'longest')[0]![1]).toMatch(/^[0-4]\.\d\d s$/)
  })

  test('four prefixes, and all stays up to look at', async () => {
    const lab = startLab('--scenario', 'four-prefixes', '--keep')
    await until('all is played, and stays up', () => lab.text.includes('Ctrl-C here'), SCENARIO_MS)
    expect(lab.text).toContain('every step came true')
    const loads = cells(lab.text, 'isp1 (swp1)')[0]!.map(Number.parseFloat)
    for (const [i, mbps] of [60, 65, 60].entries()) expect(Math.abs(loads[i]! - mbps)).toBeLessThanOrEqual(6)
    const [, moved] = cells(lab.text, 'moved to isp2')[0]!
    expect(moved).toMatch(/^[1-4]\.0\.0\.0\/24$/)
    expect(lab.text).toMatch(/overload to kernel's route: \d\.\d\d s/)

    // It can be looked at as it says, plays on as it is told, and ends as it says.
    const hints = lab.text.matchAll(/^The router's .*?(nsenter .*?)(?: {2}|;|$)/gm)
    const answers = [...hints].map(([, command]) => execFileSync('sh', ['-c', command!], { encoding: 'utf8' }))
    expect(answers).toEqual([expect.stringContaining('4.0.0.0/24'), expect.stringContaining('4.0.0.0/24 nhid')])
    lab.process.stdin!.write('1.0.0.1=20 2a00:4::1=65\n')
    await until('it sends what was typed', () => lab.text.includes('sent since'))
    lab.process.kill('SIGINT')
    await expectSuccess(lab)
  }, SCENARIO_MS + 10_000)

  test('two prefixes with several hosts: pieces move; of IPv6 beside IPv4, IPv6', async () => {
    const lab = startLab('--scenario', 'two-prefixes', '--scenario', 'ipv6')
    await expectSuccess(lab)
    const [pieces, ipv6] = cells(lab.text, 'moved to isp2')
    expect(pieces).toEqual(['-', expect.stringMatching(/^[12]\.0\.0\./), '-'])
    expect(ipv6).toEqual(['-', expect.stringMatching(IPV6_ONLY), '-'])
    expect(cells(lab.text, 'customer knows')[1]).toEqual(['all 8', `all but ${ipv6![1]!}`, 'all 8'])
  }, SCENARIO_MS)

  test('the neighbors lose what moves by same_length, and nothing by more_specific', async () => {
    const lab = startLab('--scenario', 'neighbors')
    await expectSuccess(lab)
    const [[, same], [, specific]] = cells(lab.text, 'moved to isp2') as [string[], string[]]
    const expected = [['all 8', `all but ${same!}`, 'all 8'], ['all 8', 'all 8', 'all 8']]
    expect(cells(lab.text, 'customer knows')).toEqual(expected)
    expect(cells(lab.text, 'router2 knows')).toEqual(expected)
    expect(specific).toMatch(/^[1-4]\.0\.0\.0\/25$/)
  }, SCENARIO_MS)

  test('a weight: what does nothing is found, withdrawn and not tried again', async () => {
    const lab = startLab('--scenario', 'weight')
    await expectSuccess(lab)
    expect(lab.text).toMatch(/without effect: found after [1-5]?\d\.\d\d s/)
  }, SCENARIO_MS)

  test('an upgrade, and a gobgpd that is killed: the kernel of the router notices neither', patient, async () => {
    const lab = startLab('--scenario', 'upgrade', '--scenario', 'gobgpd-restart')
    await expectSuccess(lab)
    expect(cells(lab.text, "changes of the kernel's routes")).toEqual([['0'], ['0']])
  })

  test('BIRD as the router: of IPv6 beside IPv4, IPv6', async () => {
    const lab = startLab('--router', 'bird', '--scenario', 'ipv6')
    await expectSuccess(lab)
    const [[before, moved, after]] = cells(lab.text, 'moved to isp2') as [string[]]
    expect([before, moved, after]).toEqual(['-', expect.stringMatching(IPV6_ONLY), '-'])
    const known = [['all 8', `all but ${moved!}`, 'all 8']]
    expect([cells(lab.text, 'customer knows'), cells(lab.text, 'router2 knows')]).toEqual([known, known])
  }, SCENARIO_MS)

  test('BIRD with secondary: the neighbors lose nothing, though it is same_length', async () => {
    const lab = startLab('--router', 'bird-secondary')
    await expectSuccess(lab)
    expect(cells(lab.text, 'moved to isp2')[0]![1]).toMatch(/^[1-4]\.0\.0\.0\/24$/)
    const known = [['all 8', 'all 8', 'all 8']]
    expect([cells(lab.text, 'customer knows'), cells(lab.text, 'router2 knows')]).toEqual([known, known])
  }, SCENARIO_MS)
})

describe('nothing is left', () => {
  test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('after %s', async (signal) => {
    const before = surroundings()
    const lab = startLab()
    await until('the service steers', () => lab.text.includes('what BGP alone sends'), START_MS)
    const enclosure = enclosureOf(lab)
    expect(processesIn(enclosure).length).toBeGreaterThan(15)
    lab.process.kill(signal)
    expect(await lab.ended).toBe(signal === 'SIGKILL' ? null : 1)
    await until('no process is left', () => processesIn(enclosure).length === 0)
    expect(surroundings()).toEqual(before)
  }, START_MS + 20_000)
})

describe('who asks for what is not there', () => {
  test('is told so', async () => {
    const lab = startLab('--scenario', 'nonsense')
    expect(await lab.ended).toBe(2)
    expect(lab.text).toContain('use one of four-prefixes, two-prefixes, neighbors, ipv6, seconds, brink, weight, upgrade, gobgpd-restart, steady')
  })
})
