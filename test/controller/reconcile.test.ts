import { expect, test } from 'vitest'
import { reconcile } from '../../src/controller/reconcile.ts'
import type { InstalledOverride, Override } from '../../src/model/override.ts'
import { formatPrefix, parsePrefix } from '../../src/model/prefix.ts'
import { NO_EXPORT } from '../../src/model/route.ts'
import { makePath } from './world.ts'

const FORM = { localPref: 500, marker: 64512 * 65536 + 100 }
const ALL = (): boolean => true

function override(prefix: string, settings: Parameters<typeof makePath>[2] = {}): Override {
  return {
    router: 'rtr1', prefix: parsePrefix(prefix), parentPrefix: parsePrefix(prefix), fromInterface: 'exit0', toInterface: 'exit1',
    follows: makePath(prefix, 1, settings), sinceMs: 0, reason: '',
  }
}

/** As GoBGP gives back what was sent. */
function installed({ router, prefix, follows }: Override, attributes = {}): InstalledOverride {
  const sent = { ...follows, localPref: FORM.localPref, communities: [FORM.marker, NO_EXPORT], ...attributes }
  return { router, prefix, attributes: sent, fromIfIndex: 1, sinceMs: 0 }
}

const names = (keys: readonly { prefix: Override['prefix'] }[]): string[] => keys.map(({ prefix }) => formatPrefix(prefix))

test('adds what is missing, withdraws what is not wanted, and leaves the rest', () => {
  const [a, b, c] = [override('1.0.0.0/24'), override('2.0.0.0/24'), override('3.0.0.0/24')]
  const changes = reconcile([a, b], [installed(b), installed(c)], FORM, ALL)
  expect(names(changes.add)).toEqual(['1.0.0.0/24'])
  expect(names(changes.withdraw)).toEqual(['3.0.0.0/24'])
})

test('applied twice it changes nothing the second time', () => {
  const wanted = [override('1.0.0.0/24'), override('2001:db8::/32')]
  expect(reconcile(wanted, wanted.map((o) => installed(o)), FORM, ALL)).toEqual({ add: [], withdraw: [] })
})

test.each([
  ['another next hop', { nextHop: makePath('1.0.0.0/24', 2).nextHop }],
  ['another AS_PATH', { asPath: [] }],
  ['another LOCAL_PREF', { localPref: 100 }],
  ['no NO_EXPORT', { communities: [FORM.marker] }],
  ['another MED', { med: 7 }],
  ['another ORIGIN', { origin: 2 as const }],
])('replaces what is there with %s', (_, attributes) => {
  const wanted = override('1.0.0.0/24')
  expect(names(reconcile([wanted], [installed(wanted, attributes)], FORM, ALL).add)).toEqual(['1.0.0.0/24'])
})

test('withdraws only what is ours to withdraw', () => {
  expect(reconcile([], [installed(override('1.0.0.0/24'))], FORM, () => false).withdraw).toEqual([])
})
