/** What the page shows, kept as fresh as the service can be heard. */
import type { LiveEvent } from '../../src/api/json/live-event.ts'
import { applyEvent } from './apply-event.ts'
import type { Live } from './live.ts'
import { isOutdated } from './reload.ts'
import { get, type Decision, type Interface, type Override, type Status } from './rest.ts'
import { createStream } from './stream.ts'
import { createTrends, type Trends } from './trends.ts'

export interface LiveStore {
  start(): void
  now(): Live
  /** Calls back after changes, once a second at most; returns what ends that. */
  subscribe(changed: () => void): () => void
  /** Reads all anew, as after a change that was made here. */
  refresh(): Promise<void>
  readonly trends: Trends
  /** The time by the service's clock, ms since the epoch. */
  serverNow(): number
}

/** Events tell most; this tells the rest, and that the service still answers. */
const LOOK_INTERVAL_MS = 3_000
const PUBLISH_INTERVAL_MS = 1_000
const DECISIONS = '100'

export function createLiveStore(): LiveStore {
  const trends = createTrends()
  const listeners = new Set<() => void>()
  let live: Live = {
    status: undefined,
    interfaces: [],
    overrides: [],
    decisions: [],
    link: { state: 'opening' },
    heardMs: -Infinity,
    offsetMs: 0,
  }
  let publishedMs = -Infinity
  let publishing: ReturnType<typeof setTimeout> | undefined
  /** Events that came while the lists were being read. */
  let held: LiveEvent[] | undefined
  let reading: Promise<void> = Promise.resolve()
  /** The stream delivers; else all is read at every look. */
  let streams = false
  /** Began of the last cycle that the stream told, and that the look before told. */
  let streamedCycle = ''
  let lookedCycle = ''

  const publishNow = (): void => {
    clearTimeout(publishing)
    publishing = undefined
    publishedMs = performance.now()
    for (const changed of listeners) changed()
  }
  const change = (changes: Partial<Live>): void => {
    const turned = changes.link !== undefined && changes.link.state !== live.link.state
    live = { ...live, ...changes }
    if (turned) publishNow()
    else publishing ??= setTimeout(publishNow, Math.max(0, publishedMs + PUBLISH_INTERVAL_MS - performance.now()))
  }
  const heard = (time: string | undefined): Partial<Live> => {
    const heardMs = performance.now()
    return {
      heardMs,
      link: { state: 'live' },
      ...(time !== undefined && { offsetMs: Date.parse(time) - heardMs }),
    }
  }

  const apply = (event: LiveEvent): void => {
    if (live.status === undefined) return
    if (event.event === 'cycle') {
      streamedCycle = event.data.at
      trends.note(event.data.interfaces, performance.now() + live.offsetMs)
    }
    change(applyEvent({ ...live, status: live.status }, event))
  }
  /** Events that come meanwhile are newer than what is read, or in it already: they are applied after it. */
  const read = async (everything: boolean): Promise<void> => {
    held = []
    try {
      const [status, overrides, lists] = await Promise.all([
        get<Status>('status'),
        get<Override[]>('overrides'),
        everything ? readLists() : undefined,
      ])
      change({ status, overrides, ...lists, ...heard(status.time) })
      if (lists !== undefined) trends.note(lists.interfaces, Date.parse(status.time))
    } catch (error) {
      change({ link: { state: 'lost', why: (error as Error).message } })
    } finally {
      const events = held
      held = undefined
      for (const event of events) apply(event)
    }
  }
  /** One after the other: an older answer never comes last. */
  const readInTurn = (everything: boolean): Promise<void> => (reading = reading.then(() => read(everything)))
  const stream = createStream({
    opened: () => {
      streams = true
      void readInTurn(true).then(reloadIfOutdated)
    },
    told: (event) => {
      change(heard(undefined))
      if (held === undefined) apply(event)
      else held.push(event)
    },
    lost: () => {
      streams = false
      void readInTurn(true)
    },
  })
  const look = async (): Promise<void> => {
    await readInTurn(!streams || live.link.state !== 'live')
    // A cycle that was over a look ago, and the stream has not told it: it is dead, whatever it looks like.
    if (streams && streamedCycle < lookedCycle) stream.reopen()
    if (live.link.state === 'live') lookedCycle = live.status?.last_cycle?.started ?? ''
  }
  const lookAgain = async (): Promise<void> => {
    await look()
    setTimeout(() => void lookAgain(), LOOK_INTERVAL_MS)
  }

  return {
    start: () => {
      stream.open()
      void lookAgain()
    },
    now: () => live,
    subscribe: (changed) => {
      listeners.add(changed)
      return () => void listeners.delete(changed)
    },
    refresh: () => readInTurn(true),
    trends,
    serverNow: () => performance.now() + live.offsetMs,
  }
}

async function readLists(): Promise<Pick<Live, 'interfaces' | 'decisions'>> {
  const [interfaces, decisions] = await Promise.all([
    get<Interface[]>('interfaces'),
    get<Decision[]>('decisions', { limit: DECISIONS }),
  ])
  return { interfaces, decisions }
}

/** Not while somebody holds the kill switch. */
async function reloadIfOutdated(): Promise<void> {
  if (document.querySelector('dialog[open]') !== null) return
  if (await isOutdated().catch(() => false)) location.reload()
}
