/** The demo as users run it: real gobgpd, the service as it is, a process for each. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { runDemo } from '../../src/demo/demo.ts'
import type { Stage } from '../../src/demo/stage.ts'
import { until } from '../simulator/until.ts'

const SPILLWAY = fileURLToPath(new URL('../../bin/spillway', import.meta.url))

interface Demo {
  readonly process: ChildProcess
  readonly ended: Promise<unknown[]>
  text: string
  /** Its folder for temporary files. */
  readonly folder: string
}

const started: Demo[] = []

function startDemo(...args: string[]): Demo {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-test-'))
  const child = spawn(SPILLWAY, ['demo', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: folder, SPILLWAY_NODE: process.execPath },
  })
  const demo: Demo = { process: child, ended: once(child, 'close'), text: '', folder }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (demo.text += text))
  }
  started.push(demo)
  return demo
}

/** Ids of the process's children, from /proc. */
function childrenOf(pid: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)
  return all.filter((one) => parentOf(one) === pid)
}

function parentOf(pid: number): number | undefined {
  try {
    // pid (name) state ppid …: the name may hold spaces and parentheses.
    const stat = readProc(pid, 'stat')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}

function readProc(pid: number, file: string): string {
  return readFileSync(`/proc/${pid}/${file}`, 'utf8')
}

function isAlive(pid: number): boolean {
  return parentOf(pid) !== undefined
}

/** All four children run. */
async function untilStaged(demo: Demo): Promise<number[]> {
  const pid = demo.process.pid!
  await until('all is on stage', () => demo.text.includes('speaks REST') && childrenOf(pid).length === 4)
  return childrenOf(pid)
}

afterAll(() => {
  for (const demo of started) {
    demo.process.kill('SIGKILL')
    rmSync(demo.folder, { recursive: true, force: true })
  }
})

describe.concurrent('a rush hour', { timeout: 90_000 }, () => {
  test('comes true within 60 s, beside another one', async () => {
    const startMs = performance.now()
    const demo = startDemo('--once')
    const pids = await untilStaged(demo)
    const [code] = await demo.ended
    expect(demo.text).toContain('every step came true')
    expect(code).toBe(0)
    expect(performance.now() - startMs).toBeLessThan(60_000)
    expect(demo.text).toMatch(/✔ relieved by \d+ override/)
    expect(demo.text).toMatch(/✔ split: 4\.0\.\d\.\d+\/2\d/)
    expect(demo.text).toMatch(/✔ home: no overrides left/)
    expect(pids.filter(isAlive)).toEqual([])
    expect(readdirSync(demo.folder)).toEqual([])
  })

  test('fails when the service sends nothing to GoBGP', async () => {
    const out = new PassThrough().setEncoding('utf8')
    let text = ''
    out.on('data', (chunk: string) => (text += chunk))
    let stage: Stage | undefined
    const code = await runDemo({
      once: true, out, env: process.env, service: { dryRun: true }, onStage: (one) => (stage = one),
    })
    expect(text).toMatch(/✘ "rush" not reached within 17 s: the peer has 88\.\d Mbps/)
    expect(code).toBe(1)
    expect(Object.values(stage!.pids).filter(isAlive)).toEqual([])
  })
})

describe('nothing is left running', () => {
  test('after SIGKILL', async () => {
    const demo = startDemo()
    const pids = await untilStaged(demo)
    demo.process.kill('SIGKILL')
    await until('all children are gone', () => !pids.some(isAlive), 5_000)
    expect(pids).toHaveLength(4)
  })

  test.each([
    ['SIGINT', [], 0],
    ['SIGTERM', ['--once'], 1],
  ] as const)('after %s', async (signal, args, code) => {
    const demo = startDemo(...args)
    const pids = await untilStaged(demo)
    demo.process.kill(signal)
    expect(await demo.ended).toEqual([code, null])
    expect(pids.filter(isAlive)).toEqual([])
    expect(readdirSync(demo.folder)).toEqual([])
    expect(demo.text.includes(`ended by ${signal}`)).toBe(code === 1)
  })

  test('after a child died, and the demo has failed', async () => {
    const demo = startDemo()
    const pids = await untilStaged(demo)
    process.kill(pids.find((pid) => readProc(pid, 'cmdline').includes('spillway.yaml'))!, 'SIGKILL')
    expect(await demo.ended).toEqual([1, null])
    expect(demo.text).toContain('✘ the service ended by signal SIGKILL')
    expect(pids.filter(isAlive)).toEqual([])
  })

  test('after a gobgpd died', async () => {
    const demo = startDemo()
    const pids = await untilStaged(demo)
    process.kill(pids.find((pid) => readProc(pid, 'comm') === 'gobgpd\n')!, 'SIGKILL')
    expect(await demo.ended).toEqual([1, null])
    expect(demo.text).toMatch(/✘ the (controller's|edge router's) gobgpd has ended/)
    expect(pids.filter(isAlive)).toEqual([])
  })
})
