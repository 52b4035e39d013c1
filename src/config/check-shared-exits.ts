/** Faults between shared exits, links between routers, and the interfaces that they name. */
import type { KeyPath } from './config-error.ts'
import { percentOf } from './percent.ts'
import type { Places } from './places.ts'
import type { Draft } from './schema.ts'

/** Checks whatever the draft holds and reports to `places`. */
export function checkSharedExits({ routers = [], shared_exits: exits = [] }: Draft, places: Places): void {
  const interfaces = routers.flatMap(({ name: router, interfaces: own = [] }, r) =>
    own.map((one, i) => ({ ...one, router, at: ['routers', r, 'interfaces', i] satisfies KeyPath })),
  )
  exits.forEach(({ name, high_watermark: high, relief_target: target }, e) => {
    const at: KeyPath = ['shared_exits', e]
    const first = exits.findIndex((other) => other.name === name)
    if (first < e) places.report([...at, 'name'], `${name} is taken by shared_exits[${first}].name`)
    if (target >= high) {
      const message = `must be below high_watermark: ${percentOf(target)}, is not below ${percentOf(high)}`
      places.report([...at, 'relief_target'], message)
    }
    if (!interfaces.some((one) => one.shared_exit === name)) {
      places.report([...at, 'name'], `no interface has shared_exit: ${name}`)
    }
  })
  for (const { at, router, shared_exit: exit, leaves_by: link } of interfaces) {
    if (exit !== undefined && !exits.some(({ name }) => name === exit)) {
      places.report([...at, 'shared_exit'], `${exit} is none of shared_exits`)
    }
    if (link === undefined) continue
    const path = [...at, 'leaves_by']
    const behind = interfaces.find((one) => one.router === link.router && one.name === link.interface)
    if (link.router === router) places.report(path, 'must name an interface of another router')
    else if (behind === undefined) places.report(path, `router ${link.router} has no interface ${link.interface}`)
    else if (behind.leaves_by !== undefined) {
      places.report(path, `${link.router} ${link.interface} is a link itself: name where it leaves the network`)
    }
  }
}
