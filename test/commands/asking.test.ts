/** The commands that ask a service: against the API as it is, over a view of a service in full work. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runCommandLine } from '../../src/commands/command-line.ts'
import { COMMANDS } from '../../src/commands/commands.ts'
import { serve } from '../api/served.ts'

async function call(...args: readonly string[]) {
  let [out, err] = ['', '']
  const io = { env: {}, out: (text: string) => void (out += text), err: (text: string) => void (err += text) }
  const code = await runCommandLine(args, { io, version: '1.2.3' })
  return { code, out, err, lines: out.split('\n') }
}

const served = async (): Promise<string> => `http://127.0.0.1:${(await serve()).api.port}`

describe('help', () => {
  test.each(COMMANDS.map(({ usage }) => usage.split(' ')[0]!))('of %s has examples, by `help` and by `--help`', async (name) => {
    const helps = [await call('help', name), await call(name, '--help')]
    for (const { code, out } of helps) {
      expect(code).toBe(0)
      expect(out).toContain(`Usage: spillway ${name}`)
      expect(out).toMatch(/Examples:\n {2}\S/)
      expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110)
    }
  })

  test('lists every command', async () => {
    const { code, out } = await call('--help')
    expect(code).toBe(0)
    for (const { usage } of COMMANDS) expect(out).toContain(`\n  ${usage}`)
  })
})

test('status: the service, gobgpd, routers, loads, overrides, alarms', async () => {
  const url = await served()
  const { code, out } = await call('status', '--url', url)
  expect(code).toBe(0)
  expect(out).toBe(`spillway 1.2.3 at ${url}: mode active, last cycle 2s ago, it took 13 ms

gobgpd 127.0.0.1:50051: GoBGP 3.10.0 answers, lease held, a watchdog beats
  doubtful: the import default is accept
gobgpd 127.0.0.1:50052: does not answer (refused), no lease, no watchdog
  leak: neighbor 192.0.2.9 is none of our routers
router edge1 (10.0.0.1): BGP session up, telemetry fresh, heard 1.5 s ago
router edge2 (10.0.0.1): BGP session DOWN, telemetry lost, never heard
  no samples yet

ROUTER  INTERFACE  STATE     SPEED       OUT   %   NATURAL   PLANNED  NO ALTERNATE  HIGH  TARGET
edge1   transit-a  high   1.0 Gbps  900 Mbps  90  950 Mbps  850 Mbps     85.0 Mbps  80 %    65 %
edge1   transit-b  ok            ?         ?   ?         ?         ?         0 bps  80 %    65 %
edge2   transit-a  ok     1.0 Gbps  900 Mbps  90         ?         ?             ?  80 %    65 %
edge2   transit-b  ok            ?         ?   ?         ?         ?             ?  80 %    65 %

overrides: 1 installed, 1 planned
1 alarm:
  session_down for 1m 0s: GoBGP has no BGP session with edge2
`)
})

test('overrides: what is moved whereto, since when and why; filters', async () => {
  const url = await served()
  const { code, lines } = await call('overrides', '--url', url)
  expect(code).toBe(0)
  expect(lines[0]).toMatch(/^ROUTER +PREFIX +FROM +TO +RATE +AGE +STATE +WHY$/)
  expect(lines[1]).toMatch(/^edge1 +198\.51\.100\.128\/25 +transit-a +transit-b +100 Mbps +1m 0s +installed +transit-a is too full$/)
  const none = await call('overrides', '--url', url, '--interface', 'transit-b')
  expect(none.out).toBe('no overrides: all traffic is where BGP alone puts it\n')
})

test('explain: on every router, or on one; --json gives the figures', async () => {
  const url = await served()
  const { code, out } = await call('explain', '198.51.100.1', '--url', url, '--router', 'edge1')
  expect(code).toBe(0)
  expect(out).toMatch(/^198\.51\.100\.1\/32 belongs to the received prefix 198\.51\.100\.0\/24, and would leave edge1 by exit0, and is moved/)
  expect(out).toMatch(/\n\nWhy\n {2}BGP's rules put it there/)
  expect(out).toContain('\n\nWhat would have to change\n')
  const both = await call('explain', '198.51.100.1', '--url', url)
  expect(both.out.split('\n---\n')).toHaveLength(2)
  const json = await call('explain', '198.51.100.1', '--url', url, '--router', 'edge1', '--json')
  expect(JSON.parse(json.out)).toMatchObject({ prefix: '198.51.100.1/32', received_prefix: '198.51.100.0/24' })
})

test("--json prints the API's JSON", async () => {
  const url = await served()
  expect(JSON.parse((await call('status', '--url', url, '--json')).out)).toMatchObject({ status: { mode: 'active' } })
  expect(JSON.parse((await call('overrides', '--url', url, '--json')).out)).toHaveLength(2)
  expect(JSON.parse((await call('top', '--url', url, '--json')).out)).toMatchObject({ interfaces: expect.any(Array) as unknown })
})

test('-c FILE finds the service by api.listen', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-asking-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'spillway.yaml')
  const port = new URL(await served()).port
  const router = '{ name: edge1, address: 10.0.0.1, interfaces: [{ name: a, ifindex: 1, address: 192.0.2.1/31 }] }'
  writeFileSync(file, `routers: [${router}]\napi: { listen: "0.0.0.0:${port}" }\n`)
  expect((await call('status', '-c', file)).lines[0]).toContain(`spillway 1.2.3 at http://127.0.0.1:${port}`)
  writeFileSync(file, 'routers: []\n')
  expect(await call('status', '-c', file)).toMatchObject({ code: 2, err: expect.stringContaining('routers') as string })
})

describe('what goes wrong', () => {
  test('no service: exit 1, and what to do', async () => {
    const { code, err } = await call('top', '--url', 'http://127.0.0.1:9')
    expect(code).toBe(1)
    expect(err).toMatch(/^spillway: no service answers at http:\/\/127\.0\.0\.1:9 \(.+\)\. .*`spillway run -c FILE` starts one.*check --live/)
  })

  test.each([
    [['explain', 'nonsense', '--router', 'edge1'], 'nonsense'],
    [['explain', '198.51.100.1', '--router', 'nobody'], 'no router "nobody" is configured'],
    [['overrides', '--interface', 'nowhere'], 'no interface "nowhere" is configured'],
    [['top', '--router', 'nobody', '--once'], 'no router "nobody" is configured'],
  ])('%j: what the service refuses is wrong usage: exit 2', async (args, message) => {
    const { code, err } = await call(...args, '--url', await served())
    expect(code).toBe(2)
    expect(err.split('\n')[0]).toContain(message)
  })
})
