/**
 * Gathers the facts: asks every gobgpd, listens for sFlow or asks the service that does, and looks at this
 * host.
 */
import { accessSync, constants, readFileSync } from 'node:fs'
import { readKernelDrops } from '../collector/reception/kernel-drops.ts'
import { readConfigTree } from '../config/config-tree.ts'
import type { Config } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import { statePath } from '../state/state-path.ts'
import { createModeFile } from '../state/mode-file.ts'
import { messageOf } from '../model/error-message.ts'
import { askView } from './ask-view.ts'
import type { Facts, HostFacts, SflowFacts } from './facts.ts'
import { listenSflow } from './listen-sflow.ts'
import { readGobgpd } from './read-gobgpd.ts'

/** Never rejects for what the surroundings are like. Listens for at most so many seconds. */
export async function gatherFacts(
  config: Config,
  file: string,
  env: Environment,
  seconds: number,
): Promise<Facts> {
  const startedMs = Date.now()
  const startedAt = performance.now()
  const [sflow, ...gobgpds] = await Promise.all([
    seeSflow(config, seconds),
    ...[...Map.groupBy(config.routers, ({ gobgp }) => gobgp)].map(async ([target, routers]) =>
      readGobgpd(target, routers, config.bgp.marker)),
  ])
  const clockStepMs = Date.now() - startedMs - (performance.now() - startedAt)
  return {
    config,
    gobgpds,
    sflow,
    host: { ...lookAtHost(config, file, env), time: new Date().toISOString(), clockStepMs },
  }
}

async function seeSflow(config: Config, seconds: number): Promise<SflowFacts> {
  try {
    return await listenSflow(config, seconds)
  } catch (error) {
    const kernelDrops = readKernelDrops(config.sflow.listen.port)
    return (await askView(config, kernelDrops)) ?? { kind: 'unheard', why: messageOf(error) }
  }
}

function lookAtHost(config: Config, file: string, env: Environment): Omit<HostFacts, 'time' | 'clockStepMs'> {
  let stateFault: string | undefined
  try {
    accessSync(config.stateDirectory, constants.W_OK | constants.X_OK)
  } catch (error) {
    stateFault = messageOf(error)
  }
  let mode: HostFacts['mode']
  try {
    mode = { value: createModeFile(statePath(config, file, 'mode'), config.controller.dryRun).read() }
  } catch (error) {
    mode = { fault: messageOf(error) }
  }
  return {
    stateDirectory: config.stateDirectory,
    stateFault,
    mode,
    overrideChosen: findChosen(config, file, env),
  }
}

/** The file says it, the checked configuration does not any more. */
function findChosen({ routers }: Config, file: string, env: Environment): ReadonlySet<string> {
  const { value } = readConfigTree(readFileSync(file, 'utf8'), env)
  const written = (value as { routers: { override?: unknown }[] }).routers
  return new Set(routers.filter((_, i) => written[i]?.override !== undefined).map(({ name }) => name))
}
