/** What this host and the configuration itself imply. Pure. */
import { explainSameLength, findWarnings } from '../config/find-warnings.ts'
import type { Config } from '../config/config.ts'
import type { HostFacts } from './facts.ts'
import { bad, doubtful, good, type Finding } from './finding.ts'

/** What NTP slews in a minute is less; a step is more. */
const LARGEST_STEP_MS = 500

export function judgeHost(config: Config, host: HostFacts): Finding[] {
  return [
    judgeClock(host),
    judgeState(host),
    judgeMode(config, host),
    ...judgeOverrides(config, host),
    ...judgeWarnings(config),
  ]
}

function judgeClock({ time, clockStepMs }: HostFacts): Finding {
  if (Math.abs(clockStepMs) <= LARGEST_STEP_MS) return good('clock', `${time}, and steady`)
  const step = `${time}; it stepped by ${Math.round(clockStepMs)} ms while this ran`
  return doubtful(
    'clock',
    step,
    'have it synchronized: times in the log and since when overrides hold are wrong',
  )
}

function judgeState({ stateDirectory, stateFault }: HostFacts): Finding {
  if (stateFault === undefined) return good('state_directory', `${stateDirectory} can be written`)
  const remedy = 'name one that the service\'s user may write: without it no mode survives a restart'
  return bad('state_directory', `${stateDirectory}: ${stateFault}`, remedy)
}

function judgeMode({ controller }: Config, { mode }: HostFacts): Finding {
  if ('fault' in mode) return bad('mode', mode.fault, 'set it with spillway freeze, off or on')
  const { value } = mode
  const said = `controller.dry_run is ${controller.dryRun}`
  switch (value) {
    case 'active':
      return good('mode', `active: overrides are sent (${said})`)
    case 'dry_run':
      return good('mode', `dry_run: it decides and sends nothing (${said})`)
    default:
      return doubtful('mode', `${value}, and it stays so after a restart`, 'spillway on takes it back')
  }
}

/** What `same_length` costs must be known by whoever has it. */
function judgeOverrides({ routers }: Config, { overrideChosen }: HostFacts): Finding[] {
  return routers.map(({ name, override }) => {
    const about = `router ${name}`
    if (override === 'more_specific') {
      return good(about, 'override more_specific: received prefixes stay in place')
    }
    if (overrideChosen.has(name)) return good(about, explainSameLength(name))
    const remedy = 'choose: write override: same_length or override: more_specific under the router'
    return doubtful(about, `by default, ${explainSameLength(name)}`, remedy)
  })
}

function judgeWarnings(config: Config): Finding[] {
  const said = new Set(config.routers.map(({ name }) => explainSameLength(name)))
  return findWarnings(config)
    .filter((warning) => ![...said].some((text) => warning.endsWith(text)))
    .map((warning) => doubtful('configuration', warning))
}
