/** The command `top`: interfaces and top prefixes of a running service, live. */
import { messageOf } from '../../model/error-message.ts'
import { paint } from '../../process/styled-line.ts'
import type { CommandCall } from '../command-entry.ts'
import { interfacesAnswer, overridesAnswer, prefixesAnswer, statusAnswer } from '../service-answers.ts'
import type { ServiceClient } from '../service-client.ts'
import { takeScreen } from './full-screen.ts'
import { renderOnce, renderTop } from './render-top.ts'
import { AT_START, keyOf, press, type Snapshot } from './top-state.ts'

const REFRESH_MS = 1_000
/** Prefixes that are asked for: more than a screen has room for. */
const MOST_PREFIXES = 100
const PLAIN_COLUMNS = 100

/** Resolves when the table is printed or, on a terminal, when it is quit. Rejects when nothing answers at first. */
export async function printTop(client: ServiceClient, { given, io }: CommandCall): Promise<void> {
  if (given.json === true) {
    const [interfaces, prefixes] = await Promise.all([
      client.json('/api/v1/interfaces', { router: given.router }),
      client.json('/api/v1/prefixes', { router: given.router, limit: String(MOST_PREFIXES) }),
    ])
    return io.out(`${JSON.stringify({ interfaces, prefixes }, null, 2)}\n`)
  }
  const first = await ask(client, given.router)
  const { stdin, stdout } = process
  if (given.once === true || !stdin.isTTY || !stdout.isTTY) {
    const lines = renderOnce(first, AT_START, stdout.columns ?? PLAIN_COLUMNS)
    return io.out(lines.map((line) => `${paint(line, false).trimEnd()}\n`).join(''))
  }
  await showLive(client, given.router, first, io.env)
}

async function ask(client: ServiceClient, router: string | undefined): Promise<Snapshot> {
  const [status, interfaces, prefixes, overrides] = await Promise.all([
    client.read('/api/v1/status', statusAnswer),
    client.read('/api/v1/interfaces', interfacesAnswer, { router }),
    client.read('/api/v1/prefixes', prefixesAnswer, { router, limit: String(MOST_PREFIXES) }),
    client.read('/api/v1/overrides', overridesAnswer, { router }),
  ])
  return { url: client.url, status, interfaces, prefixes, overrides }
}

/** Until it is quit. A service that goes away is waited for, and what it last said stays in sight. */
function showLive(
  client: ServiceClient, router: string | undefined, first: Snapshot, env: CommandCall['io']['env'],
): Promise<void> {
  let shot = first
  let state = AT_START
  let trouble: string | undefined
  let timer: NodeJS.Timeout | undefined
  return new Promise((resolve) => {
    let isOver = false
    const end = (): void => {
      isOver = true
      clearTimeout(timer)
      screen.release()
      resolve()
    }
    const draw = (): void => screen.draw(renderTop(shot, state, screen.size(), trouble))
    const refresh = async (): Promise<void> => {
      try {
        const next = state.isPaused ? undefined : await ask(client, router)
        if (next !== undefined && !state.isPaused) shot = next
        trouble = undefined
      } catch (error) {
        trouble = messageOf(error)
      }
      if (isOver) return
      draw()
      timer = setTimeout(() => void refresh(), REFRESH_MS)
    }
    const key = (name: string): void => {
      if (name === 'q') return end()
      state = press(state, name, shot.interfaces.map((i) => keyOf(i.router, i.name)))
      draw()
    }
    // https://no-color.org
    const color = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
    const screen = takeScreen(process.stdin, process.stdout, color, { key, resize: draw, end })
    draw()
    timer = setTimeout(() => void refresh(), REFRESH_MS)
  })
}
