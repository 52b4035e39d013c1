/** A second router in a lab, with a gobgpd of its own beside it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { renderGobgpdConfig } from '../../src/bgp/gobgpd-config.ts'
import { parseAddress } from '../../src/model/prefix.ts'
import { parseCommunity } from '../../src/model/route.ts'
import { renderEdgeGobgpd } from '../../src/simulator/edge-gobgpd-config.ts'
import { createEdge, type Edge, type Exit } from '../../src/simulator/edge.ts'
import { findFreePort } from '../../src/simulator/free-port.ts'
import { startGobgpd, type Gobgpd } from '../../src/simulator/gobgpd.ts'

const ASN = 64512
const [HOST, ROUTER] = ['127.0.0.1', '127.0.0.5']

export interface SecondRouter {
  readonly gobgp: Gobgpd
  readonly edge: Edge
  stop(): Promise<void>
}

/** Its name in the configuration is `edge2`; the lab's `file` must have been written, and `service` not started. */
export async function startSecondRouter(file: string, exits: readonly Exit[]): Promise<SecondRouter> {
  const [router, host] = [parseAddress(ROUTER), parseAddress(HOST)]
  const bgpPort = await findFreePort(HOST)
  const gobgp = await startGobgpd({
    config: renderGobgpdConfig({
      asn: ASN, routerId: HOST, listenPort: bgpPort, localAddresses: [host], neighbors: [{ address: router, localAddress: host }],
      marker: parseCommunity(`${ASN}:100`),
    }),
  })
  const edgeGobgp = await startGobgpd({
    config: renderEdgeGobgpd({
      asn: ASN, address: ROUTER, port: await findFreePort(ROUTER), controller: { address: HOST, port: bgpPort },
    }),
  })
  const config = readFileSync(file, 'utf8')
  const sflowPort = Number(/listen: "[^"]*:(\d+)"/.exec(config)![1])
  const edge = createEdge({
    agent: ROUTER, collector: { host: HOST, port: sflowPort }, samplingRate: 20, seed: 11, serversIfIndex: 1,
    counterIntervalMs: 1000, exits, gobgp: edgeGobgp.api,
  })
  await edge.start()
  const interfaces = exits.map(
    ({ name, ifIndex, speedBps }, i) =>
      `      - { name: ${name}, ifindex: ${ifIndex}, address: 172.${16 + i}.0.0/31, speed: ${speedBps}, per_prefix_threshold: 30Mbps }\n`,
  )
  const block = `  - name: edge2\n    address: ${ROUTER}\n    gobgp: "${gobgp.api}"\n    interfaces:\n${interfaces.join('')}`
  writeFileSync(file, config.replace(/^api:/m, `${block}api:`))
  return {
    gobgp,
    edge,
    stop: async () => {
      await edge.stop()
      await Promise.all([gobgp.stop(), edgeGobgp.stop()])
    },
  }
}
