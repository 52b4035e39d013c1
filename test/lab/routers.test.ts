/** What docs/ tells routers is what their own software accepts, and what the lab runs on. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { countBirdPaths } from '../../lab/bird-paths.ts'
import { renderBirdRouter } from '../../lab/bird-config.ts'
import { ensurePackages } from '../../lab/ensure-packages.ts'
import { renderFrrRouter } from '../../lab/frr-config.ts'
import { thisMachine } from '../../src/demo/ensure-gobgpd.ts'
import { labObstacle } from './lab-obstacle.ts'

const INSTALL_MS = 300_000
const docs = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'spillway-routers-'))

/** Throws with what the checker says. */
function check(command: readonly [string, ...string[]], text: string): void {
  const file = join(folder, 'router.conf')
  writeFileSync(file, text)
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` }
  const [program, ...args] = command
  const { status, stdout, stderr } = spawnSync(program, [...args, file], { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} exits with ${status}: ${stdout}${stderr}`)
}

afterAll(() => rmSync(folder, { recursive: true }))

describe('the checker of', () => {
  const needed = labObstacle()
  beforeEach((context) => {
    if (needed !== undefined) context.skip(needed)
  })
  beforeAll(async () => {
    if (needed === undefined) await ensurePackages(thisMachine(), () => {})
  }, INSTALL_MS)

  const bird = ['bird', '-p', '-c'] as const
  const frr = ['vtysh', '-C', '-f'] as const
  test.each([
    ['BIRD accepts docs/bird.conf', bird, docs('bird.conf')],
    ["BIRD accepts the lab's router", bird, renderBirdRouter(false)],
    ["BIRD accepts the lab's router with secondary", bird, renderBirdRouter(true)],
    ['FRR accepts docs/frr.conf', frr, docs('frr.conf')],
    ["FRR accepts the lab's router", frr, renderFrrRouter()],
    ['FRR accepts the router of the virtual machines', frr, renderFrrRouter([])],
  ] as const)('%s', (_, command, text) => check(command, text))

  test.each([
    ['BIRD', bird, docs('bird.conf').replace('add paths', 'add path'), 'syntax error'],
    ['FRR', frr, docs('frr.conf').replace('addpath-tx-all-paths', 'addpath-tx-paths'), 'Unknown command'],
  ] as const)('%s refuses what is misspelt', (_, command, text, why) => {
    expect(() => check(command, text)).toThrow(why)
  })
})

test.each([
  ['docs/bird.conf', docs('bird.conf'), renderBirdRouter(false)],
  ['docs/frr.conf', docs('frr.conf'), renderFrrRouter()],
])('the lab runs on %s, with but the longest length of its own', (_, documented, rendered) => {
  const own = documented.replace('{8,28}', '{8,32}').replace('ge 8 le 28', 'ge 8 le 32')
  expect(rendered.startsWith(own)).toBe(true)
})

test('docs/routers.md says of every router whether it ran', () => {
  const [, ...sections] = docs('routers.md').split(/^## (?=FRR|BIRD|Junos|Arista|Cisco|Nokia)/m)
  const notRun = sections.map((text) => [text.split(/\W/, 1)[0], text.includes('*Not run here.*')])
  const expected = { FRR: false, BIRD: false, Junos: true, Arista: true, Cisco: true, Nokia: true }
  expect(Object.fromEntries(notRun)).toEqual(expected)
})

test('countBirdPaths', () => {
  const text = `BIRD 2.0.12 ready.
Table master4:
1.0.0.0/24           unicast [spillway 12:49:04.908 from 10.1.4.100] * (100) [AS42428i]
	via 172.17.0.0 on swp2
                     unicast [isp1 12:35:17.125] (100) [AS33010i]
	via 172.16.0.0 on swp1
                     unreachable [isp2 12:35:17.258] (100) [AS42428i]
172.18.0.0/31        unicast [direct1 12:30:36.540] * (240)
	dev swp5
`
  expect(countBirdPaths(text)).toEqual(new Map([['1.0.0.0/24', 3], ['172.18.0.0/31', 1]]))
})
