/** The edge that sflow-load speaks for: 8 routers, 10.0.0.1 to .8, with 32 interfaces of 100 Gbps each. */
import { addressOfBytes } from '../src/model/prefix.ts'
import type { EgressInterface, Router } from '../src/model/topology.ts'

const ROUTERS = 8
const INTERFACES = 32

export function loadTopology(): Router[] {
  return Array.from({ length: ROUTERS }, (_, i) => {
    const name = `rtr${i + 1}`
    const address = addressOfBytes([10, 0, 0, i + 1])
    return {
      name, address, sflowAgents: [address], gobgp: '127.0.0.1:50051', override: 'same_length',
      defaultPrefixLength: { 4: 24, 6: 48 }, maxPrefixLength: { 4: 28, 6: 64 },
      interfaces: Array.from({ length: INTERFACES }, (__, n) => egressInterface(name, n + 1)),
    }
  })
}

function egressInterface(router: string, ifIndex: number): EgressInterface {
  return {
    router, name: `swp${ifIndex}`, ifIndex, addresses: [], nextHops: [], speedBps: 100e9,
    highWatermark: 0.8, lowWatermark: 0.65, reliefTarget: 0.65, perPrefixThresholdBps: 1e9,
    monitor: true, detourTarget: true, dryRun: false,
  }
}
