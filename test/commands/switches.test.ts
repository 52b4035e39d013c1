/**
 * The switches as an operator uses them: on a service in a process of its own, alive, killed or hanging, with
 * 1,000 overrides in a real gobgpd. One story in order for each version of gobgpd.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectGobgp } from '../../src/bgp/wire/connect-gobgp.ts'
import { renderGobgpdConfig } from '../../src/bgp/gobgpd-config.ts'
import { formatPrefix, parseAddress, parsePrefix } from '../../src/model/prefix.ts'
import { parseCommunity } from '../../src/model/route.ts'
import { findFreePort } from '../../src/simulator/free-port.ts'
import { startGobgpd, type Gobgpd } from '../../src/simulator/gobgpd.ts'
import { startTied, type TiedProcess } from '../../src/simulator/tied-process.ts'
import { attributes } from '../bgp/edge.ts'
import { describeEachGobgpd } from '../bgp/gobgpds.ts'
import { until } from '../simulator/until.ts'

const HOST = '127.0.0.1'
const MARKER = '64512:100'
const TOKEN = 'a-token-that-is-long-enough'
const SPILLWAY = fileURLToPath(new URL('../../bin/spillway', import.meta.url))
const ENV = { ...process.env, SPILLWAY_NODE: process.execPath }
const MANY = Array.from({ length: 1000 }, (_, i) => `100.${64 + (i >> 8)}.${i & 255}.0/24`)
/** Where time is not what matters. */
const FEW = MANY.slice(0, 50)
/** Of somebody else's, in the same gobgpd. */
const FOREIGN = '192.0.2.0/24'

interface Status {
  readonly mode: string
  readonly alarms: readonly { readonly kind: string; readonly message: string }[]
}

describeEachGobgpd('switches', ({ gobgpd: command, dialect }) => {
  const tell = (what: string, ms: number, { length } = MANY): void =>
    void process.stdout.write(`gobgpd ${dialect.version}, ${length} overrides, ${what}: ${(ms / 1000).toFixed(1)} s\n`)

  let folder: string
  let file: string
  let modeFile: string
  let gobgp: Gobgpd
  let other: Gobgpd
  let service: TiedProcess
  let base: string

  const startDaemon = async (): Promise<Gobgpd> => {
    const localAddresses = [parseAddress(HOST)]
    const listenPort = await findFreePort(HOST)
    return startGobgpd({ command, config: renderGobgpdConfig({
      asn: 64512, routerId: HOST, listenPort, localAddresses, neighbors: [], marker: parseCommunity(MARKER),
    }) })
  }
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spillway-switches-'))
    mkdirSync(join(folder, 'state'))
    file = join(folder, 'spillway.yaml')
    modeFile = join(folder, 'state', 'spillway.yaml.mode')
    ;[gobgp, other] = await Promise.all([startDaemon(), startDaemon()])
    const port = await findFreePort(HOST)
    base = `http://${HOST}:${port}`
    const router = (n: number, { api }: Gobgpd): string =>
      `{ name: edge${n}, address: 127.0.0.${n + 1}, gobgp: "${api}", interfaces: [{ name: peer, ifindex: 1, speed: 1Gbps }] }`
    writeFileSync(
      file,
      `state_directory: state
sflow: { listen: "${HOST}:0", workers: 0 }
bgp: { marker_community: "${MARKER}" }
controller: { dry_run: true }
routers: [ ${router(1, gobgp)}, ${router(2, other)} ]
api: { listen: "${HOST}:${port}", token: ${TOKEN} }
`,
    )
    await inject([FOREIGN], [])
    await startService()
  }, 60_000)
  afterAll(async () => {
    process.kill(other.pid, 'SIGCONT')
    await service?.stop()
    await Promise.all([gobgp, other].map((daemon) => daemon?.stop()))
    rmSync(folder, { recursive: true })
  })

  /** Straight into gobgpd, as the service that was killed left them. */
  const inject = async (prefixes: readonly string[], communities: readonly number[]): Promise<void> => {
    const { api, close } = await connectGobgp(gobgp.api, AbortSignal.timeout(10_000))
    await Promise.all(prefixes.map((prefix) => api.addPath(parsePrefix(prefix), attributes('172.16.0.2', { communities: [...communities] }))))
    close()
  }
  const leaveOverrides = (prefixes: readonly string[]): Promise<void> => inject(prefixes, [parseCommunity(MARKER)])
  const held = async (): Promise<string[]> => {
    const { api, close } = await connectGobgp(gobgp.api, AbortSignal.timeout(10_000))
    const paths = await api.listLocal(4)
    close()
    return paths.map(({ prefix }) => formatPrefix(prefix))
  }
  const startService = async (): Promise<void> => {
    service = startTied(SPILLWAY, ['run', '-c', file], { env: ENV })
    await until('the service listens', async () => (await status().catch(() => undefined)) !== undefined)
  }
  const killService = async (): Promise<void> => {
    service.process.kill('SIGKILL')
    await service.ended
  }
  const status = async (): Promise<Status> =>
    (await (await fetch(`${base}/api/v1/status`, { signal: AbortSignal.timeout(5000) })).json()) as Status
  const mode = async (): Promise<string> => (await status()).mode
  const putOff = async (): Promise<{ code: number; body: unknown; ms: number }> => {
    const begunMs = performance.now()
    const response = await fetch(`${base}/api/v1/mode`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: '{"mode": "off"}',
    })
    return { code: response.status, body: await response.json(), ms: performance.now() - begunMs }
  }
  const spillway = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
    new Promise((resolve) => {
      const child = execFile(SPILLWAY, args.includes('-c') ? args : [...args, '-c', file], { env: ENV }, (_, out, err) =>
        resolve({ code: child.exitCode ?? -1, out, err }))
    })

  test('PUT off withdraws 1,000 overrides within 5 s, and a SIGKILL right after does not undo it', async () => {
    await leaveOverrides(MANY)
    const { code, body, ms } = await putOff()
    await killService()
    tell('PUT off', ms)
    expect(await held()).toEqual([FOREIGN])
    await startService()
    expect(await mode()).toBe('off')
    expect(ms).toBeLessThan(5000)
    // A gobgpd that a busy machine keeps from telling in time that it holds none is not known to.
    expect(body).toMatchObject({ mode: 'off', applied: true })
    expect([200, 202]).toContain(code)
  })

  test('on goes back to what controller.dry_run says, without a token', async () => {
    const { code, out } = await spillway('on')
    expect({ code, mode: await mode() }).toEqual({ code: 0, mode: 'dry_run' })
    expect(out).toContain('dry_run: the service at')
  })

  test('off, while the service lives, withdraws 1,000 within 5 s of the call; a SIGKILL right after does not undo it', async () => {
    await leaveOverrides(MANY)
    const begunMs = performance.now()
    const off = spillway('off')
    // Gently: a list takes gobgpd longer than the withdrawal.
    while ((await held()).length > 1) await new Promise((resolve) => setTimeout(resolve, 300))
    const ms = performance.now() - begunMs
    const { code, out } = await off
    await killService()
    tell('off, the service alive', ms)
    expect(ms).toBeLessThan(5000)
    expect(code).toBe(0)
    expect(out).toContain('off: the service at')
    for (const router of ['edge1', 'edge2']) expect(out).toContain(`${router}: GoBGP holds none\n`)
    expect(await held()).toEqual([FOREIGN])
  })

  test('with the service dead: freeze and on say what it will start in, withdraw leaves the mode alone', async () => {
    await leaveOverrides(FEW)
    expect((await spillway('freeze')).out).toContain(`no service answers at ${base}; it will start in mode frozen`)
    const { code, out } = await spillway('withdraw')
    expect(code).toBe(0)
    expect(out).toContain('edge1: 50 overrides withdrawn, GoBGP holds none\n')
    expect(out).toContain('  100.64.0.0/24\n')
    expect(await held()).toEqual([FOREIGN])
    expect(JSON.parse(readFileSync(modeFile, 'utf8'))).toEqual({ mode: 'frozen', dry_run: true })
    await startService()
    expect(await mode()).toBe('frozen')
  })

  describe.each(dialect.version === 'v3' ? ['what depends on no version'] : [])('%s', () => {
    test('withdraw switches a service off that would put them back', async () => {
      const { code, out } = await spillway('withdraw')
      expect({ code, mode: await mode() }).toEqual({ code: 0, mode: 'off' })
      expect(out).toContain('a service lives, is frozen, and would put them back')
    })

    test('off with the service dead withdraws all the same, and it starts off', async () => {
      await spillway('on')
      await killService()
      await leaveOverrides(MANY)
      const begunMs = performance.now()
      const { code, out } = await spillway('off')
      tell('off, the service dead', performance.now() - begunMs)
      expect(code).toBe(0)
      expect(out).toContain('it will start in mode off\n')
      expect(out).toContain('edge1: 1000 overrides withdrawn')
      expect(await held()).toEqual([FOREIGN])
      await startService()
      expect(await mode()).toBe('off')
    })

    test('a mode file that is broken changes nothing and is told, until it is mended', async () => {
      writeFileSync(modeFile, '{"mode": "activ')
      await until('it is told', async () => (await status()).alarms.some(({ kind }) => kind === 'mode_file'))
      expect(await mode()).toBe('off')
      service.process.kill('SIGHUP')
      await until('the configuration is read again', () => service.output.includes('configuration read again'))
      expect(await mode()).toBe('off')
      expect((await spillway('freeze')).code).toBe(0)
      expect(await mode()).toBe('frozen')
      await until('all is well', async () => !(await status()).alarms.some(({ kind }) => kind === 'mode_file'))
    })

    test('off with the wrong file names the Spillway that may put them back; with the right one nothing is left to tell', async () => {
      const wrong = join(folder, 'wrong.yaml')
      writeFileSync(wrong, readFileSync(file, 'utf8').replace(/api: .*/, `api: { listen: "${HOST}:${await findFreePort(HOST)}" }`))
      const { code, err } = await spillway('off', '-c', wrong)
      expect(code).toBe(1)
      for (const [router, { api }] of [['edge1', gobgp], ['edge2', other]] as const) {
        expect(err).toMatch(new RegExp(`^${router}: Spillway [0-9a-f]{16} renews its lease of gobgpd at ${api} and may put overrides back: switch it off`, 'm'))
      }
      const done = await spillway('off')
      expect({ code: done.code, err: done.err }).toEqual({ code: 0, err: '' })
    })
  })

  test('where a gobgpd hangs, PUT off empties the others, answers within 5 s and tells what is left', async () => {
    process.kill(other.pid, 'SIGSTOP')
    await leaveOverrides(FEW)
    const { code, body, ms } = await putOff()
    tell('PUT off, another gobgpd hanging', ms, FEW)
    expect(ms).toBeLessThan(5000)
    expect({ code, body }).toMatchObject({ code: 202, body: { mode: 'off' } })
    expect((body as { left: unknown[] }).left).toContainEqual({ router: 'edge2', overrides: null })
    expect(await held()).toEqual([FOREIGN])
    const { code: exit, err } = await spillway('withdraw')
    expect(exit).toBe(1)
    expect(err).toContain(`edge2: nothing is known of its overrides: gobgpd at ${other.api}`)
  }, 60_000)
}, { inTurn: true })
