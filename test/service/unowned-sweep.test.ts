import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { CycleReport } from '../../src/controller/report.ts'
import type { Permission } from '../../src/controller/ports.ts'
import type { Mode } from '../../src/model/mode.ts'
import { createUnownedSweep } from '../../src/service/unowned-sweep.ts'

const ROUTERS = [{ name: 'a', gobgp: 'h:1' }, { name: 'b', gobgp: 'h:1' }, { name: 'c', gobgp: 'h:2' }]

function bench() {
  const swept: string[] = []
  let nowMs = 0
  const sweep = createUnownedSweep({
    bgp: { withdrawUnowned: (target) => Promise.resolve((swept.push(target), [])) },
    routers: ROUTERS, clock: () => nowMs, logger: pino({ level: 'silent' }),
  })
  const look = (mode: Mode = 'active', kind: Permission['kind'] = 'granted', gobgpAnswers = true): number => {
    const routers = ROUTERS.map(({ name }) => ({ name, gobgpAnswers, permission: { kind: name === 'b' ? kind : 'granted', why: '' } }))
    sweep.look({ mode, routers } as unknown as CycleReport)
    return swept.length
  }
  return { swept, look, pass: (ms: number) => (nowMs += ms) }
}

test('only what routers share is swept, every 10 s, also where routes could leak', () => {
  const { swept, look, pass } = bench()
  expect([look(), look()]).toEqual([1, 1])
  pass(10_000)
  expect(look('off', 'withdraw_all')).toBe(2)
  expect(swept).toEqual(['h:1', 'h:1'])
})

test.each<[string, Parameters<ReturnType<typeof bench>['look']>]>([
  ['in dry-run', ['dry_run']],
  ['frozen', ['frozen']],
  ['while another has the lease', ['active', 'stand_by']],
  ['while it is not known whose gobgpd it is', ['active', 'granted', false]],
])('nothing is swept %s', (_, of) => {
  expect(bench().look(...of)).toBe(0)
})
