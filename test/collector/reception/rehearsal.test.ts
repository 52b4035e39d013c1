import { expect, it } from 'vitest'
import { rehearse } from '../../../src/collector/reception/rehearsal.ts'
import { AGENT, ipv4 } from '../sflow-datagram.ts'
import { egressInterface, router } from '../simulated-link.ts'

it('a rehearsal has in it all that a thread may have to do', async () => {
  const routers = [
    router([egressInterface({ ifIndex: 3 }), egressInterface({ name: 'swp2', ifIndex: 4 })], { sflowAgents: [AGENT] }),
    router([], { name: 'rtr2', sflowAgents: [ipv4(10, 1, 4, 2), { family: 6, w0: 0x20010db8, w1: 0, w2: 0, w3: 1 }] }),
  ]
  const stats = await rehearse(routers)
  for (const count of ['datagrams', 'flowSamples', 'counterSamples', 'agentDrops', 'withoutInterface', 'unknownAgent'] as const) {
    expect([count, stats.count(count) > 100]).toEqual([count, true])
  }
  const { lost, reordered, duplicates, restarts } = stats.sequences('datagrams')
  expect([lost > 100, reordered > 10, duplicates > 10, restarts > 1]).toEqual([true, true, true, true])
  expect(stats.malformed('truncated') + stats.malformed('sample_length')).toBeGreaterThan(100)
  // What is not cut off is whole.
  for (const reason of ['version', 'address_type', 'record_length', 'header', 'sampling_rate', 'frame_length'] as const) {
    expect([reason, stats.malformed(reason)]).toEqual([reason, 0])
  }
})
