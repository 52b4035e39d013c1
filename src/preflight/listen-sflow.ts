/** Listens for sFlow in the service's place, for a while. */
import { setTimeout as sleep } from 'node:timers/promises'
import { SflowDecoder } from '../collector/sflow/decoder.ts'
import { bindUdp, closeUdp } from '../collector/reception/udp-socket.ts'
import type { Config } from '../config/config.ts'
import type { HeardSflow } from './facts.ts'
import { SAMPLED_FROM_BPS } from './judge-sflow.ts'
import { SflowSightings } from './sflow-sightings.ts'

const LOOK_INTERVAL_MS = 250
/** Stopping early, all the same so long: strangers and further interfaces want to be seen, too. */
const SHORTEST_MS = 5_000
/** Of each interface: what it takes to compare its flows with its counters. */
const ENOUGH_SAMPLES = 100
const ENOUGH_COUNTERS = 3

/** Resolves when all is known or the time is over; rejects when the address is taken. */
export async function listenSflow({ sflow, routers }: Config, seconds: number): Promise<HeardSflow> {
  const sightings = new SflowSightings(routers)
  const decoder = new SflowDecoder(sightings)
  const socket = await bindUdp(sflow.listen, sflow.receiveBufferBytes, false)
  socket.on('message', (bytes) => {
    sightings.nowMs = performance.now()
    decoder.decode(bytes)
  })
  const startedMs = performance.now()
  const passedMs = (): number => performance.now() - startedMs
  const allIsKnown = (): boolean => {
    const seen = sightings.routers()
    return routers.every(({ interfaces }, i) =>
      interfaces.every(({ ifIndex }) => {
        const one = seen[i]!.interfaces.find((candidate) => candidate.ifIndex === ifIndex)
        if (one === undefined || one.counterSamples < ENOUGH_COUNTERS) return false
        if (one.comparison !== undefined && one.comparison.countersBps < SAMPLED_FROM_BPS) return true
        return Math.max(one.egressSamples, one.ingressSamples) >= ENOUGH_SAMPLES
      }))
  }
  while (passedMs() < seconds * 1000 && !(passedMs() >= SHORTEST_MS && allIsKnown())) {
    await sleep(LOOK_INTERVAL_MS)
  }
  const heard: HeardSflow = {
    kind: 'heard',
    seconds: passedMs() / 1000,
    datagrams: sightings.datagrams,
    malformed: sightings.malformedCount,
    buffer: { askedBytes: sflow.receiveBufferBytes, grantedBytes: socket.getRecvBufferSize() },
    strangers: sightings.strangers,
    routers: sightings.routers(),
  }
  await closeUdp(socket)
  return heard
}
