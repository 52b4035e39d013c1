/** A router of its own process: obeys its parent, one order after the other. */
import { startSpeaker, type Speaker, type SpeakerOptions } from './bgp-speaker.ts'
import { FullFeed, type FeedShape } from './full-feed.ts'
import { readTables } from './prefix-files.ts'

export type FeederOrder =
  /** How many paths it has. */
  | { readonly kind: 'count' }
  | { readonly kind: 'connect'; readonly speaker: SpeakerOptions }
  /** Tells all of its table. */
  | { readonly kind: 'announce' }
  /** Takes all of it back, in so many words. */
  | { readonly kind: 'withdraw' }
  /** Changes so many prefixes a second, evenly. */
  | { readonly kind: 'churn'; readonly perSecond: number; readonly seconds: number }
  /** Its session goes, without a word. */
  | { readonly kind: 'drop' }

export interface FeederSetup {
  /** Where t4.bin and t6.bin are. */
  readonly folder: string
  readonly shape: FeedShape
}

const CHURN_STEP_MS = 20

const setup = JSON.parse(process.argv[2]!) as FeederSetup
const feeds = readTables(setup.folder).map((table) => new FullFeed(table, setup.shape))
const paths = feeds.reduce((sum, feed) => sum + feed.paths, 0)
let speaker: Speaker | undefined
let version = 1

async function obey(order: FeederOrder): Promise<object> {
  switch (order.kind) {
    case 'count':
      return { paths }
    case 'connect':
      speaker = await startSpeaker(order.speaker)
      return {}
    case 'announce':
      for (const feed of feeds) await speaker!.send(feed.announcements())
      return {}
    case 'withdraw':
      for (const feed of feeds) await speaker!.send(feed.withdrawals())
      return {}
    case 'churn':
      return { changes: await churn(order.perSecond, order.seconds) }
    case 'drop':
      speaker!.close()
      return {}
  }
}

/** Groups in turn: one path of each gets other attributes; every eighth goes, and comes back. */
async function churn(perSecond: number, seconds: number): Promise<number> {
  const startedMs = performance.now()
  let changes = 0
  for (let step = 0; ; step++) {
    const elapsedS = (performance.now() - startedMs) / 1000
    if (elapsedS >= seconds) return changes
    const messages: Buffer[] = []
    while (changes < elapsedS * perSecond) {
      const feed = feeds[version % 6 === 0 ? 1 : 0]!
      const group = (version * 7919) % feed.groups
      const path = version % setup.shape.paths
      if (version % 8 === 0) messages.push(...feed.withdraw(group, path))
      messages.push(...feed.announce(group, path, version))
      changes += feed.sizeOf(group) * (version % 8 === 0 ? 2 : 1)
      version++
    }
    await speaker!.send(messages)
    await new Promise((resolve) => setTimeout(resolve, CHURN_STEP_MS))
  }
}

process.on('message', (order: FeederOrder) => {
  obey(order).then(
    (done) => process.send!({ done }),
    (error: unknown) => process.send!({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
process.send!({ done: {} })
