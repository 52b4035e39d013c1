/**
 * The collector without a socket: CPU per flow sample, beside a fixed loop, so that a change for the worse shows on any
 * machine by the ratio of the two.
 */
import { BatchTaker } from '../src/collector/batch-taker.ts'
import { BatchWriter } from '../src/collector/intake/batch-writer.ts'
import { DestinationTable } from '../src/collector/telemetry/destination-table.ts'
import { mixHash } from '../src/collector/intake/hash.ts'
import { parsePrefix } from '../src/model/prefix.ts'
import { RouterTelemetry } from '../src/collector/telemetry/router-telemetry.ts'
import { createIntakeMemory, SharedIntake } from '../src/collector/intake/shared-intake.ts'
import { SflowDecoder } from '../src/collector/sflow/decoder.ts'
import { datagram, flowSample, frame, ipv4, ipv6, rawHeader } from '../test/collector/sflow-datagram.ts'
import { loadTopology } from './topology.ts'

/** ns of CPU, the best of some rounds. */
export interface InMemory {
  /** One step of the fixed loop: a hash and a step through 1 MB. */
  readonly referenceNs: number
  /** Per sample: decoded only. */
  readonly decodeNs: number
  /** Per sample: decoded, its numbers checked, added up. */
  readonly fullNs: number
  /** Per datagram that is cut short anywhere, or has a wrong byte somewhere. */
  readonly refusedNs: number
  /** Per destination of a batch: taken by the main thread into the windows. */
  readonly takeNs: number
  /** Per destination that is new to a router whose table is full. */
  readonly crowdedNs: number
  /** Per destination: in a snapshot of all routers, sorted. */
  readonly snapshotNs: number
}

const ROUNDS = 60
const DATAGRAMS = 1024
const SAMPLES = 7
const DESTINATIONS = 5000
/** Of destinations that come once and never again, as in a flood to random addresses: half of what its table holds. */
const CROWD = 2 ** 13
/** Between two batches: windows of 30 s fill within the rounds. */
const ROUND_MS = 700
/** A prefix that holds nothing: to look for it takes the order of all. */
const NOWHERE = parsePrefix('255.255.255.255/32')
const INTERFACES = 32
const SEED = 12_345

function measureInMemory(): InMemory {
  const routers = loadTopology()
  const datagrams = createDatagrams()
  const shape = { agents: 8, interfaces: 8 * INTERFACES, ports: 8 * INTERFACES, slots: 2 ** 16, seed: SEED }
  const shared = new SharedIntake(createIntakeMemory(shape))
  const mostBytes = new Float64Array(8 * INTERFACES).fill(Infinity)
  const writer = new BatchWriter(shared, { routers, seed: SEED, mostBytes, seesAll: true })
  const refused = datagrams.map(spoil)
  const refuser = new SharedIntake(createIntakeMemory(shape))
  const refusing = new BatchWriter(refuser, { routers, seed: SEED, mostBytes, seesAll: true })
  const telemetry = routers.map((router) => new RouterTelemetry(router, 30_000, 2 ** 15, SEED))
  const taker = new BatchTaker(routers, telemetry, new Float64Array(8 * INTERFACES), () => undefined)
  const decoder = new SflowDecoder({
    datagram: () => true, flow: () => undefined, counters: () => undefined, malformed: () => undefined,
  })
  const table = new DestinationTable(60, CROWD * 2, SEED)
  const best = {
    referenceNs: Infinity, decodeNs: Infinity, fullNs: Infinity, refusedNs: Infinity, takeNs: Infinity, crowdedNs: Infinity,
    snapshotNs: Infinity,
  }
  // As a thread that reads its socket, into the same bytes every time.
  const received = new Uint8Array(65_536)
  let sequence = 0
  for (let round = 0; round < ROUNDS; round++) {
    best.referenceNs = Math.min(best.referenceNs, measureNs(REFERENCE_STEPS, runReference))
    best.decodeNs = Math.min(best.decodeNs, measureNs(DATAGRAMS * SAMPLES, () => {
      for (const bytes of datagrams) {
        received.set(bytes)
        decoder.decode(received, bytes.length)
      }
    }))
    best.fullNs = Math.min(best.fullNs, measureNs(DATAGRAMS * SAMPLES, () => {
      for (const bytes of datagrams) {
        bytes.writeUInt32BE(1 + (sequence++ >>> 3), 16)
        received.set(bytes)
        writer.receive(received, bytes.length, 1 + round * ROUND_MS)
      }
      writer.handOver()
    }))
    best.refusedNs = Math.min(best.refusedNs, measureNs(DATAGRAMS, () => {
      for (const bytes of refused) {
        received.set(bytes)
        refusing.receive(received, bytes.length, 1 + round * ROUND_MS)
      }
      refusing.handOver()
    }))
    refuser.take(() => undefined)
    shared.take((batch) => {
      let taken = 0
      batch.destinations.read(() => taken++)
      best.takeNs = Math.min(best.takeNs, measureNs(taken, () => taker.take(batch)))
    })
    table.open(round + 1)
    const crowdedNs = measureNs(CROWD, () => {
      for (let n = round * CROWD; n < (round + 1) * CROWD; n++) table.add(n % 64, 4, mixHash(SEED, n) >>> 0, 0, 0, 0, 1500)
    })
    if (table.evicted > 0) best.crowdedNs = Math.min(best.crowdedNs, crowdedNs)
    const destinations = telemetry.reduce((sum, one) => sum + one.traffic().rates.length, 0)
    best.snapshotNs = Math.min(best.snapshotNs, measureNs(destinations, () => {
      for (const one of telemetry) one.traffic().rates.within(NOWHERE)
    }))
  }
  const counted = shared.stats.count('flowSamples')
  if (counted !== ROUNDS * DATAGRAMS * SAMPLES) throw new Error(`${counted} samples counted: this measured something else`)
  return best
}

/** As those of sflow-load: agents in turn, Ethernet headers of 128 bytes, a fifth IPv6; few destinations have most. */
function createDatagrams(): Buffer[] {
  let state = SEED
  const random = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32
  return Array.from({ length: DATAGRAMS }, (_, n) => {
    const samples = Array.from({ length: SAMPLES }, () => {
      const host = Math.floor(DESTINATIONS ** random())
      const to = random() < 0.2 ? ipv6(0x20010db8, host) : ipv4(198, 18, host >> 8, host & 255)
      const header = Buffer.concat([frame(to), Buffer.alloc(128)]).subarray(0, 128)
      const [sourceIndex, output] = [1, 2 + Math.floor(random() * (INTERFACES - 2))]
      return flowSample({ samplingRate: 10_000, sourceIndex, output, records: [rawHeader(1500, header)] })
    })
    return datagram({ agent: ipv4(10, 0, 0, 1 + (n % 8)), uptimeMs: n }, samples)
  })
}

/** Cuts it short somewhere, or makes one of its bytes wrong. */
function spoil(bytes: Buffer, n: number): Buffer {
  const at = (n * 7919) % bytes.length
  if (n % 2 === 0) return bytes.subarray(0, at)
  const spoilt = Buffer.from(bytes)
  spoilt[at]! ^= 0xff
  return spoilt
}

const REFERENCE_STEPS = 200_000
const words = new Uint32Array(2 ** 18)

function runReference(): void {
  let hash = SEED
  for (let i = 0; i < REFERENCE_STEPS; i++) {
    hash = Math.imul(hash ^ i, 0x9e3779b1)
    hash ^= hash >>> 15
    words[hash & (words.length - 1)]!++
  }
}

/** ns of this process's CPU for each of so many steps. */
function measureNs(steps: number, run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / steps
}

process.stdout.write(`${JSON.stringify(measureInMemory())}\n`)
