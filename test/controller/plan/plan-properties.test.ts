/** Properties of the plan over random edges, routes and demand. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planRouter } from '../../../src/controller/plan/plan.ts'
import { formatPrefix, overlaps, parsePrefix } from '../../../src/model/prefix.ts'
import { makeInterface, makePath, makeRouter, makeRoutes, MBPS, World } from '../world.ts'

const exits = fc.integer({ min: 2, max: 5 })

/** An edge of 2 to 5 exits of 50 to 400 Mbps, up to 24 prefixes of several lengths, each by some of the exits. */
const world = exits.chain((n) =>
  fc
    .record({
      speeds: fc.array(fc.integer({ min: 50, max: 400 }), { minLength: n, maxLength: n }),
      override: fc.constantFrom('same_length' as const, 'more_specific' as const),
      prefixes: fc.uniqueArray(
        fc.record({
          octet: fc.integer({ min: 1, max: 12 }),
          length: fc.constantFrom(20, 23, 24, 25),
          paths: fc.uniqueArray(fc.record({ exit: fc.nat(n - 1), localPref: fc.constantFrom(100, 200) }), {
            selector: (p) => p.exit,
            minLength: 1,
          }),
        }),
        { selector: (p) => `${p.octet}/${p.length}`, minLength: 1, maxLength: 24 },
      ),
      flows: fc.array(
        fc.record({
          octet: fc.integer({ min: 1, max: 12 }),
          host: fc.integer({ min: 1, max: 254 }),
          bps: fc.integer({ min: 1, max: 60 }).map((mbps) => mbps * MBPS),
          samples: fc.constantFrom(5, 100, 10_000),
        }),
        { maxLength: 40 },
      ),
    })
    .map(({ speeds, override, prefixes, flows }) => {
      const interfaces = speeds.map((mbps, i) => makeInterface(i, { speedBps: mbps * MBPS }))
      const paths = prefixes.flatMap(({ octet, length, paths }) =>
        paths.map(({ exit, localPref }) => makePath(`${octet}.0.0.0/${length}`, exit, { localPref })),
      )
      const byHost = new Map(flows.map(({ octet, host, ...rate }) => [`${octet}.0.0.${host}`, rate]))
      return () =>
        new World(makeRouter(interfaces, { override }), paths, [...byHost].map(([to, rate]) => ({ to, ...rate })))
    }),
)

const loadShares = (w: World): number[] => w.loads().map((bps, i) => bps / w.router.interfaces[i]!.speedBps!)

describe('the plan', () => {
  test('equal input gives an equal plan', () => {
    fc.assert(
      fc.property(world, (make) => {
        const { overrides, decisions } = planRouter(make().planInput())
        const again = planRouter(make().planInput())
        expect(again.overrides).toEqual(overrides)
        expect(again.decisions).toEqual(decisions)
      }),
    )
  })

  test('the order of flows and paths changes nothing', () => {
    fc.assert(
      fc.property(world, (make) => {
        const one = make()
        const other = make()
        const { flows } = one
        other.flows = flows.toReversed()
        other.routes = makeRoutes(one.paths.toReversed())
        expect(planRouter(other.planInput()).overrides).toEqual(planRouter(one.planInput()).overrides)
        one.step()
        other.planned = one.planned.toReversed()
        other.placements = one.placements.toReversed()
        other.unfinished = one.unfinished
        other.nowMs = one.nowMs
        one.flows = flows.map((flow) => ({ ...flow, bps: flow.bps * 1.3 }))
        other.flows = one.flows.toReversed()
        expect(planRouter(other.planInput()).overrides).toEqual(planRouter(one.planInput()).overrides)
      }),
    )
  })

  test('fills no target above its relief target, and makes no overloaded interface worse', () => {
    fc.assert(
      fc.property(world, (make) => {
        const w = make()
        const before = loadShares(w)
        w.step()
        loadShares(w).forEach((after, i) => {
          expect(after).toBeLessThanOrEqual(Math.max(before[i]!, w.router.interfaces[i]!.reliefTarget) + 1e-9)
        })
      }),
    )
  })

  test('constant demand ends in zero changes from the second cycle on', () => {
    fc.assert(
      fc.property(world, (make) => {
        const w = make()
        w.step()
        const settled = w.overrides()
        for (let cycle = 0; cycle < 20; cycle++) {
          w.step(20_000)
          expect(w.overrides()).toEqual(settled)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('noise of 5 % around constant demand: what moved once does not come home and leave again', () => {
    fc.assert(
      fc.property(world, fc.array(fc.double({ min: -0.05, max: 0.05, noNaN: true }), { minLength: 40, maxLength: 40 }), (make, noise) => {
        const w = make()
        w.step()
        const { flows } = w
        const left = new Map<string, number>()
        let before = new Set<string>()
        for (let cycle = 0; cycle < 40; cycle++) {
          w.flows = flows.map((flow, i) => ({ ...flow, bps: flow.bps * (1 + noise[(7 * i + cycle) % 40]!) }))
          w.step(20_000)
          const now = new Set(w.planned.map(({ override }) => formatPrefix(override.prefix)))
          for (const prefix of now) if (!before.has(prefix)) left.set(prefix, (left.get(prefix) ?? 0) + 1)
          before = now
        }
        expect(Math.max(0, ...left.values())).toBeLessThanOrEqual(1)
      }),
      { numRuns: 100 },
    )
  })

  test('leaves nothing above its high watermark without saying why', () => {
    fc.assert(
      fc.property(world, (make) => {
        const w = make()
        const { decisions } = w.step()
        loadShares(w).forEach((share, i) => {
          const { name, highWatermark } = w.router.interfaces[i]!
          if (share <= highWatermark) return
          expect(decisions.map((d) => `${d.kind} ${d.fromInterface}`)).toContain(`cannot_relieve ${name}`)
        })
      }),
    )
  })

  test('overrides never nest, are covered by a received route of their exit, and hold nothing too short or long', () => {
    fc.assert(
      fc.property(world, (make) => {
        const w = make()
        w.step()
        const all = w.planned.map(({ override }) => override)
        for (const [i, a] of all.entries()) {
          expect(all.slice(i + 1).filter((b) => overlaps(a.prefix, b.prefix)).map((b) => formatPrefix(b.prefix))).toEqual([])
          expect(w.routes.covering(a.prefix).flatMap((r) => r.paths)).toContain(a.follows)
          expect(a.fromInterface).not.toBe(a.toInterface)
          if (w.router.override === 'more_specific') expect(a.prefix.length).toBeGreaterThan(a.parentPrefix.length)
        }
      }),
    )
  })

  test('quiet traffic ends with no override', () => {
    fc.assert(
      fc.property(world, (make) => {
        const w = make()
        w.step()
        w.flows = w.flows.map((flow) => ({ ...flow, bps: 1000 }))
        for (let i = 0; i < 3; i++) w.step(60_000)
        expect(w.overrides()).toEqual([])
      }),
    )
  })
})

describe('with pins by hand', () => {
  const wish = fc.record({ octet: fc.integer({ min: 1, max: 12 }), length: fc.constantFrom(20, 23, 24, 25, 26), exit: fc.nat(4) })

  test('none nests, none fills its exit above the high watermark, and constant demand settles around them', () => {
    let made = 0
    fc.assert(
      fc.property(world, fc.array(wish, { maxLength: 6 }), (make, wishes) => {
        const w = make()
        w.step()
        const before = loadShares(w)
        const pins = wishes.map(({ octet, length, exit }) => ({
          prefix: parsePrefix(`${octet}.0.0.0/${length}`), toInterface: `exit${exit}`, untilMs: Infinity, reason: 'by hand',
        }))
        w.input = { pins }
        const plan = w.step()
        w.input = {}
        loadShares(w).forEach((after, i) => {
          expect(after).toBeLessThanOrEqual(Math.max(before[i]!, w.router.interfaces[i]!.highWatermark) + 1e-9)
        })
        const all = w.planned.map(({ override }) => override)
        for (const [i, a] of all.entries()) {
          expect(all.slice(i + 1).filter((b) => overlaps(a.prefix, b.prefix))).toEqual([])
          expect(w.routes.covering(a.prefix).flatMap((r) => r.paths)).toContain(a.follows)
        }
        made += plan.pins.filter(({ refusal }) => refusal === undefined).length
        // What was relieved before comes home after its hold, when a pin has made room there.
        for (let cycle = 0; cycle < 5; cycle++) w.step(20_000)
        const settled = w.overrides()
        const pinned = all.filter(({ pinnedUntilMs }) => pinnedUntilMs !== undefined).map(({ prefix }) => formatPrefix(prefix))
        for (let cycle = 0; cycle < 10; cycle++) {
          w.step(20_000)
          expect(w.overrides()).toEqual(settled)
        }
        expect(w.planned.map(({ override }) => formatPrefix(override.prefix))).toEqual(expect.arrayContaining(pinned))
      }),
      { numRuns: 300 },
    )
    // Or it would show nothing.
    expect(made).toBeGreaterThan(50)
  })
})
