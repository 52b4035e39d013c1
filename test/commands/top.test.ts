/** `top`: on a terminal as people have it (a pty, 80 columns, no colors), and as lines. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import xterm from '@xterm/headless'
import { describe, expect, onTestFinished, test } from 'vitest'
import { renderOnce, renderTop } from '../../src/commands/top/render-top.ts'
import { AT_START, keyOf, press, type Snapshot, type TopState } from '../../src/commands/top/top-state.ts'
import { paint } from '../../src/process/styled-line.ts'
import { createFakeView, REPORT } from '../api/fake-view.ts'
import { serve } from '../api/served.ts'

const SPILLWAY = fileURLToPath(new URL('../../bin/spillway', import.meta.url))
const DEADLINE_MS = 30_000

/** A shell on a terminal of 80 columns, which runs the command and then tells whether its settings are as before. */
function openTerminal(command: string) {
  const screen = new xterm.Terminal({ cols: 80, rows: 24, allowProposedApi: true })
  const line = `stty cols 80 rows 24; before=$(stty -g); ${command}; echo "code $?"; ` +
    '[ "$(stty -g)" = "$before" ] && echo "settings as before" || echo "settings changed"; sleep 60'
  const child: ChildProcess = spawn('script', ['-qefc', line, '/dev/null'], {
    env: { ...process.env, NO_COLOR: '1', TERM: 'xterm', SHELL: '/bin/sh', SPILLWAY_NODE: process.execPath },
  })
  child.stdout!.on('data', (bytes: Buffer) => screen.write(bytes))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await once(child, 'close')
  })
  const shown = (): string[] =>
    Array.from({ length: 24 }, (_, i) => screen.buffer.active.getLine(screen.buffer.active.baseY + i)?.translateToString(true) ?? '')
  const until = async (what: string, holds: (lines: string[]) => boolean): Promise<string[]> => {
    const endMs = performance.now() + DEADLINE_MS
    while (!holds(shown())) {
      if (performance.now() > endMs) throw new Error(`never seen: ${what}\n${shown().join('\n')}`)
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    return shown()
  }
  return { child, until, keys: (text: string) => void child.stdin!.write(text), isAlternate: () => screen.buffer.active.type === 'alternate' }
}

const has = (text: string) => (lines: string[]) => lines.some((line) => line.includes(text))

describe('on a terminal of 80 columns', () => {
  test('it follows the service, obeys its keys, survives its absence, and gives the terminal back', { timeout: 90_000 }, async () => {
    let mode: 'active' | 'frozen' = 'active'
    const { api } = await serve(createFakeView({ mode: () => mode }))
    const url = `http://127.0.0.1:${api.port}`
    const { until, keys, isAlternate } = openTerminal(`${SPILLWAY} top --url ${url}`)
    const first = await until('the table', has('transit-a'))
    expect(isAlternate()).toBe(true)
    expect(first[0]).toContain(`active  03:04:05 UTC  overrides: 1  ${url}`)
    expect(first.join('\n')).toMatch(/ALARM GoBGP has no BGP session with edge2/)
    expect(first.join('\n')).toMatch(/edge1 +transit-a +high +900 Mbps +90 +950 Mbps +850 Mbps [#+:|.]{8}/)
    expect(first.join('\n')).toMatch(/198\.51\.100\.0\/24 +transit-a +300 Mbps +300/)
    expect(first.at(-1)).toMatch(/^q quit/)
    keys('\u001B[B')
    await until('a chosen interface', has('> edge1     transit-a'))
    keys('j')
    const second = await until('the next one', has('> edge1     transit-b'))
    expect(second.filter((line) => /^ {2}\S+\/\d+ +transit-a/.test(line))).toEqual([])
    keys('s')
    await until('another order', has('by prefix'))
    keys('kkr')
    await until('the order turned round', has('by prefix, rev'))
    keys('o')
    await until('overrides', has('transit-a > transit-b'))
    keys('h')
    await until('help', has('the high watermark'))
    keys('hp')
    await until('a pause', has('PAUSED'))
    keys('p')
    mode = 'frozen'
    await until('what the service says next', has('frozen'))
    await api.stop()
    const away = await until('that it is away', has('no news: no service answers'))
    expect(away.join('\n')).toContain('transit-a')
    keys('q')
    const end = await until('the shell again', has('settings '))
    expect(isAlternate()).toBe(false)
    expect(end).toContain('code 0')
    expect(end).toContain('settings as before')
  })

  test.each(['Ctrl-C', 'SIGTERM'])('%s gives the terminal back, too', { timeout: 90_000 }, async (how) => {
    const { api } = await serve()
    const { until, keys, isAlternate } = openTerminal(
      `${SPILLWAY} top --url http://127.0.0.1:${api.port} & echo "pid $!"; fg >/dev/null 2>&1 || wait`.replace(/^/, 'set -m; '),
    )
    const pid = (await until('its pid', has('pid '))).find((line) => line.startsWith('pid '))!.slice(4)
    await until('the table', has('transit-a'))
    expect(isAlternate()).toBe(true)
    if (how === 'Ctrl-C') keys('\u0003')
    else process.kill(Number(pid), 'SIGTERM')
    await until('the shell again', has('code '))
    expect(isAlternate()).toBe(false)
  })
})

const SHOT: Snapshot = {
  url: 'http://127.0.0.1:8080',
  status: {
    version: '1.2.3', mode: 'active', time: '2030-01-02T03:04:05.000Z', last_cycle: null, gobgp: [], alarms: [], routers: [],
  },
  interfaces: Array.from({ length: 200 }, (_, i) => ({
    router: `router-with-a-long-name-${i}`, name: `HundredGigE0/0/0/${i}`, speed_bps: 100e9, out_bps: i * 0.5e9,
    utilization: i / 200, natural_bps: i * 0.5e9, planned_bps: i * 0.5e9, without_alternate_bps: 0,
    high_watermark: 0.8, relief_target: 0.65, state: 'ok',
  })),
  prefixes: Array.from({ length: 100 }, (_, i) => ({
    router: 'r', interface: 'i', prefix: `2001:db8:ffff:ffff:ffff:${i.toString(16)}::/96`, bps: 1e9 - i, samples: i, override: null,
  })),
  overrides: [],
}
const text = (state: TopState, size: { columns: number; rows: number }): string[] =>
  renderTop(SHOT, state, size).map((line) => paint(line, false))

test.each([[80, 24], [40, 10], [200, 60], [20, 3]])('200 interfaces fit into %i columns and %i rows', (columns, rows) => {
  for (const selected of [undefined, keyOf(SHOT.interfaces[150]!.router, SHOT.interfaces[150]!.name)]) {
    const lines = text({ ...AT_START, selected }, { columns, rows })
    expect(lines.length).toBeLessThanOrEqual(rows)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
  }
})

test('the chosen interface is in sight among 200', () => {
  const { router, name } = SHOT.interfaces[150]!
  expect(text({ ...AT_START, selected: keyOf(router, name) }, { columns: 80, rows: 24 }).join('\n')).toMatch(/^> .*0\/150 /m)
})

test('colors say nothing that words do not', () => {
  const { interfaces } = REPORT.routers[0]!
  const lines = renderOnce(
    { ...SHOT, interfaces: SHOT.interfaces.slice(0, 1).map((one) => ({ ...one, state: interfaces[0]!.state })) }, AT_START, 80,
  )
  expect(lines.map((line) => paint(line, false)).join('\n')).toContain(' high ')
})

test('keys that mean nothing change nothing; the choice goes round', () => {
  expect(press(AT_START, 'x', ['a'])).toEqual(AT_START)
  const [one, two, all] = ['down', 'down', 'down'].reduce<TopState[]>((done, key) => [...done, press(done.at(-1) ?? AT_START, key, ['a', 'b'])], [])
  expect([one!.selected, two!.selected, all!.selected]).toEqual(['a', 'b', undefined])
  expect(press(AT_START, 'up', ['a', 'b']).selected).toBe('b')
})
