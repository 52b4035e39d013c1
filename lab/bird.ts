/** BIRD 2: one process in each machine. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { renderBirdRouter } from './bird-config.ts'
import { countBirdPaths } from './bird-paths.ts'
import type { RouterSoftware } from './router-software.ts'
import { until } from './until.ts'

/** Within the lab's own /run. */
const FOLDER = '/run/bird'
const socketOf = (machine: string): string => `${FOLDER}/${machine}.ctl`

export const BIRD: RouterSoftware = {
  name: 'BIRD',
  renderRouter: () => renderBirdRouter(false),
  start: async (machine, config, start) => {
    mkdirSync(FOLDER, { recursive: true })
    const file = `${FOLDER}/${machine}.conf`
    writeFileSync(file, config)
    const bird = start(machine, ['bird', '-f', '-c', file, '-s', socketOf(machine)])
    bird.process.stdout!.resume()
    await until(`BIRD of ${machine} answers`, () => existsSync(socketOf(machine)))
    return bird
  },
  countPaths: async (machine) => {
    const command = ['-r', '-s', socketOf(machine), 'show route where source = RTS_BGP']
    const { stdout } = await promisify(execFile)('birdc', command)
    return countBirdPaths(stdout)
  },
  showCommand: (machine) => `birdc -s ${socketOf(machine)} show route`,
}

/** With tables that keep the neighbors' routes, whatever the style of overrides. */
export const BIRD_SECONDARY: RouterSoftware = { ...BIRD, renderRouter: () => renderBirdRouter(true) }
