/** Whether sFlow tells what steering needs to know. Pure. */
import type { Config } from '../config/config.ts'
import { formatAddress } from '../model/prefix.ts'
import type { EgressInterface, Router } from '../model/topology.ts'
import { formatRate } from '../model/units.ts'
import type { Comparison, HeardSflow, InterfaceSflow, RouterSflow, ServiceView, SflowFacts } from './facts.ts'
import { bad, doubtful, good, type Finding } from './finding.ts'

/** Longer ones still work, with samples carrying the news in between. */
const LONGEST_INTERVAL_MS = 12_000
/** An interface that carries less may well leave no sample for a while. */
export const SAMPLED_FROM_BPS = 1e6
/** What the collector makes up for is told from a tenth on; beyond a factor of 2 it believes neither. */
const TOLD_SHARE = 0.1
const BELIEVED_FACTOR = 2
const FEWEST_COMPARED = 30

const SEND = 'have it send packet samples and counters of its egress interfaces here: see docs/routers.md'

export function judgeSflow(sflow: SflowFacts, config: Config): Finding[] {
  switch (sflow.kind) {
    case 'unheard':
      return [
        bad(
          'sFlow',
          sflow.why.replace(/^sFlow: /, ''),
          'free the address or change sflow.listen; if it is our service, make api.listen answer',
        ),
      ]
    case 'service':
      return judgeService(sflow)
    case 'heard':
      return [
        ...judgeReception(sflow, config),
        ...config.routers.flatMap((router, i) => judgeRouter(router, sflow.routers[i]!, sflow.seconds)),
      ]
  }
}

function judgeReception(heard: HeardSflow, { sflow }: Config): Finding[] {
  const { seconds, datagrams, malformed, strangers, routers } = heard
  const { host, port } = sflow.listen
  const where = `sFlow at ${host} port ${port}`
  const findings: Finding[] = []
  if (datagrams === 0) {
    const nothing = `nothing came in ${seconds.toFixed(0)} s`
    const remedy = `is it sent here? Look with tcpdump -n udp port ${port}; a firewall drops without a word`
    findings.push(bad(where, nothing, remedy))
  } else findings.push(good(where, `${datagrams} datagrams in ${seconds.toFixed(0)} s`))
  if (malformed > 0) {
    findings.push(
      doubtful(where, `${malformed} datagrams or samples could not be read`, 'only sFlow version 5 is'),
    )
  }
  const silent = routers.some(({ agents }) => agents.some((one) => one.datagrams === 0))
  for (const { agent, datagrams: count } of strangers) {
    const what = `${count} datagrams of agent ${agent}, which no router has`
    const remedy = `add ${agent} to the sflow_agent of its router, or have it send elsewhere`
    findings.push(silent ? bad(where, what, remedy) : doubtful(where, what, remedy))
  }
  findings.push(judgeBuffer(heard.buffer))
  return findings
}

/** Linux grants twice what was asked for, for its own overhead (socket(7)). */
function judgeBuffer({ askedBytes, grantedBytes }: HeardSflow['buffer']): Finding {
  const about = 'receive buffer'
  if (grantedBytes >= 2 * askedBytes) return good(about, `${askedBytes} bytes asked for, and granted`)
  const setting = `net.core.rmem_max=${askedBytes}`
  const remedy = `sysctl -w ${setting}, and ${setting} in a file of /etc/sysctl.d`
  return doubtful(
    about,
    `${askedBytes} bytes asked for, ${grantedBytes / 2} granted: bursts may be lost`,
    remedy,
  )
}

function judgeRouter(router: Router, { agents, interfaces }: RouterSflow, seconds: number): Finding[] {
  const about = `router ${router.name}`
  const findings: Finding[] = []
  for (const { agent, datagrams } of agents) {
    const address = formatAddress(agent)
    if (datagrams > 0) findings.push(good(about, `sFlow agent ${address}: ${datagrams} datagrams`))
    else findings.push(bad(about, `sFlow agent ${address} sent nothing in ${seconds.toFixed(0)} s`, SEND))
  }
  if (agents.every(({ datagrams }) => datagrams === 0)) return findings
  const configured = new Set(router.interfaces.flatMap(({ ifIndex, members = [] }) => [ifIndex, ...members]))
  const others = interfaces.filter(
    (one) => !configured.has(one.ifIndex) && one.egressSamples + one.ingressSamples > 0,
  )
  const missing = router.interfaces.filter(
    ({ ifIndex, members = [] }) => !interfaces.some((one) => [ifIndex, ...members].includes(one.ifIndex)),
  )
  const otherIndexes = others.map(({ ifIndex }) => ifIndex).join(', ')
  for (const { name, ifIndex } of missing) {
    const what = `ifindex ${ifIndex} was in no sample and no counters`
    findings.push(
      others.length === 0
        ? doubtful(
            `${about} ${name}`,
            what,
            'look at its ifIndex on the router, and whether sFlow is on there',
          )
        : bad(
            `${about} ${name}`,
            what,
            `samples leave by ${otherIndexes}, which no interface has: correct ifindex`,
          ),
    )
  }
  if (missing.length === 0 && others.length > 0) {
    findings.push(
      good(about, `samples also leave by ifIndex ${otherIndexes}, which is not configured and not steered`),
    )
  }
  for (const one of router.interfaces) {
    const seen = interfaces.find(({ ifIndex }) => ifIndex === one.ifIndex)
    if (seen !== undefined) findings.push(...judgeInterface(`${about} ${one.name}`, one, seen, seconds))
  }
  return findings
}

function judgeInterface(
  about: string,
  { ifIndex }: EgressInterface,
  seen: InterfaceSflow,
  seconds: number,
): Finding[] {
  return [
    judgeSamples(about, ifIndex, seen),
    judgeCounters(about, seen, seconds),
    ...judgeComparison(about, seen.comparison),
  ]
}

function judgeSamples(about: string, ifIndex: number, seen: InterfaceSflow): Finding {
  const { egressSamples, ingressSamples, samplingRates, comparison } = seen
  const rates = samplingRates.map((rate) => `1 in ${rate}`).join(', ')
  const counted = `(${egressSamples} egress, ${ingressSamples} ingress; ${rates})`
  if (egressSamples === 0 && ingressSamples === 0) {
    if (comparison !== undefined && comparison.countersBps < SAMPLED_FROM_BPS) {
      return good(about, `no flow samples left by ifindex ${ifIndex}, but it hardly carries anything`)
    }
    const what = `no flow samples left by ifindex ${ifIndex}`
    const remedy = 'turn sampling on where its traffic comes in, or where it goes out'
    return comparison === undefined
      ? doubtful(about, what, remedy)
      : bad(about, `${what}, though it carries traffic`, remedy)
  }
  if (egressSamples > 0 && ingressSamples > 0) {
    return good(
      about,
      `sampled where packets come in and where they go out ${counted}: only the latter count`,
    )
  }
  if (egressSamples > 0) return good(about, `sampled where packets go out ${counted}`)
  return good(about, `sampled where packets come in ${counted}: that must be so at each of these interfaces`)
}

function judgeCounters(
  about: string,
  { counterSamples, counterIntervalMs }: InterfaceSflow,
  seconds: number,
): Finding {
  const remedy = 'have counters sent every 1 to 10 s'
  if (counterSamples === 0) {
    const what = `no interface counters in ${seconds.toFixed(0)} s: its load comes from samples alone`
    return doubtful(about, what, remedy)
  }
  if (counterIntervalMs === undefined) {
    return doubtful(
      about,
      `interface counters once in ${seconds.toFixed(0)} s`,
      `${remedy}; --seconds 60 looks longer`,
    )
  }
  const what = `interface counters every ${(counterIntervalMs / 1000).toFixed(1)} s`
  return counterIntervalMs > LONGEST_INTERVAL_MS
    ? doubtful(about, `${what}: relief comes later`, remedy)
    : good(about, what)
}

function judgeComparison(about: string, comparison: Comparison | undefined): Finding[] {
  if (comparison === undefined) return []
  const { countersBps, flowsBps, samples, errorShare } = comparison
  const figures = `counters tell ${formatRate(countersBps)}, flows ${formatRate(flowsBps)}`
  if (countersBps < SAMPLED_FROM_BPS && samples === 0) return []
  if (samples < FEWEST_COMPARED) return [good(about, `${figures}: ${samples} samples are too few to compare`)]
  const ratio = flowsBps / countersBps
  const error = ` ± ${Math.round(errorShare * 100)} %`
  const what = `${figures}${error}: flows are ${Math.round(ratio * 100)} % of counters`
  const remedy =
    'are the sampling rates those of the samples, all ways in sampled, and is nothing sampled twice?'
  if (ratio > BELIEVED_FACTOR * (1 + errorShare) || ratio < (1 - errorShare) / BELIEVED_FACTOR) {
    return [bad(about, what, remedy)]
  }
  if (Math.abs(ratio - 1) <= TOLD_SHARE + errorShare) return [good(about, what)]
  return [doubtful(about, `${what}, which the service makes up for`, remedy)]
}

/** Overload is what the service is for; every other alarm says that it cannot do its work. */
const USUAL_ALARMS: readonly string[] = ['interface_overloaded']

/** The service's own eyes: its alarms say in words what is wrong. */
function judgeService({ url, kernelDrops, agents, interfaces, alarms }: ServiceView): Finding[] {
  return [
    good(
      'sFlow',
      `the service at ${url} listens there: what follows is what it sees; stop it to have more told`,
    ),
    kernelDrops === 0
      ? good('receive buffer', 'no datagram was dropped since the service began')
      : doubtful(
          'receive buffer',
          `${kernelDrops} datagrams dropped since the service began`,
          'raise net.core.rmem_max',
        ),
    ...agents.map(judgeAgent),
    ...interfaces.map(({ router, name, outBps }) => {
      const about = `router ${router} ${name}`
      if (outBps !== undefined) return good(about, `carries ${formatRate(outBps)}`)
      return doubtful(
        about,
        'nothing is known of its load',
        'look at its ifindex, and whether sFlow is on there',
      )
    }),
    ...alarms.map(({ kind, router, message }) => {
      const about = router === undefined ? 'service' : `router ${router}`
      if (USUAL_ALARMS.includes(kind)) return doubtful(about, message)
      return bad(about, message, `GET /api/v1/status tells since when (${kind})`)
    }),
  ]
}

function judgeAgent({ router, agent, flows, counters }: ServiceView['agents'][number]): Finding {
  const about = `router ${router}`
  if (flows && counters) return good(about, `sFlow agent ${agent} sends samples and counters`)
  if (flows) return doubtful(about, `sFlow agent ${agent} sends no interface counters`, SEND)
  if (counters) return doubtful(about, `sFlow agent ${agent} sends no samples`, SEND)
  return bad(about, `sFlow agent ${agent} was never heard`, SEND)
}
