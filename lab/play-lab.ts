/** The first process of the enclosure: builds the edge, plays the scenarios, prints their tables. */
import { createInterface } from 'node:readline'
import { startEdge, type Edge } from './edge.ts'
import { furnishEnclosure } from './enclosure.ts'
import { FRR } from './frr.ts'
import { StepFailed } from './step-failed.ts'
import { readOptions, type LabOptions } from './options.ts'
import type { RouterSoftware } from './router-software.ts'
import { say, sayFailure, saySuccess } from './say.ts'
import { SCENARIOS } from './scenarios.ts'
import { readStreams } from './read-streams.ts'
import { API_PORT, TOKEN } from './service-config.ts'

async function main(options: LabOptions): Promise<number> {
  const pid = furnishEnclosure()
  let fail: (error: Error) => void
  const death = new Promise<never>((_, reject) => (fail = reject))
  const onDeath = (what: string): void => fail(new Error(what))
  try {
    const { software, counterIntervalMs, samplingRate } = options
    const sampling = `one packet in ${samplingRate}, counters every ${counterIntervalMs / 1000} s`
    say(`${software.name} as the router, FRR as its neighbors, gobgpd; sFlow from ${sampling}`)
    const starting = startEdge({ software, counterIntervalMs, samplingRate, onDeath })
    const edge = await Promise.race([starting, death])
    const code = await Promise.race([play(edge, options), death])
    if (options.keep) await Promise.race([keepUp(edge, options.software, pid), death])
    return code
  } catch (error) {
    sayFailure((error as Error).message)
    return 1
  }
}

async function play(edge: Edge, { scenarios, runs }: LabOptions): Promise<number> {
  const tables: string[] = []
  try {
    for (const name of scenarios) {
      say(`${name}: ${SCENARIOS[name].summary}`)
      tables.push(await SCENARIOS[name].play(edge, runs))
    }
    saySuccess('every step came true')
    return 0
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    sayFailure(error.message)
    return 1
  } finally {
    for (const table of tables) process.stdout.write(`\n${table}`)
  }
}

/** Until a signal ends it all. */
async function keepUp(edge: Edge, software: RouterSoftware, pid: number): Promise<void> {
  await edge.stopService()
  await edge.startService('same_length')
  const at = `nsenter -t ${pid} -a`
  process.stdout.write(`
All of it stays up, with the traffic of the last step. Ctrl-C here, or kill -9 ${pid}, ends it.
New traffic, in Mbps:  type  1.0.0.1=20 4.0.0.1=65  and Enter here
The service:           ${at} curl -s http://127.0.0.1:${API_PORT}/api/v1/overrides   (token: ${TOKEN})
GoBGP:                 ${at} gobgp neighbor
The router's BGP:      ${at} ${software.showCommand('router')}
Its neighbors' BGP:    ${at} ${FRR.showCommand('customer')}   (or isp1, isp2, router2)
The router's kernel:   ${at} ip -n router route; ${at} ip -n router -6 route; ${at} ip netns exec router nft list ruleset
`)
  for await (const line of createInterface({ input: process.stdin })) {
    const streams = readStreams(line.split(/\s+/).filter((word) => word !== ''))
    if (streams === undefined) sayFailure(`"${line}" is not ADDRESS=MBPS ...`)
    else say(`sent since ${new Date(await edge.send(streams)).toISOString()}`)
  }
  // Without a terminal to type at.
  await new Promise(() => setInterval(() => {}, 60_000))
}

process.exit(await main(readOptions(process.argv.slice(2))))
