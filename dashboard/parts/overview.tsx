/** All at a glance: what stays open on the wall. */
import type { Seen } from '../data/live.ts'
import type { LiveStore } from '../data/live-store.ts'
import { Alarms } from './alarms.tsx'
import { Decisions } from './decisions.tsx'
import { Detours } from './detours.tsx'
import { Interfaces } from './interfaces.tsx'
import { PrefixSearch } from './prefix-search.tsx'
import { Routers } from './routers.tsx'
import { TrendTiles } from './trend-tiles.tsx'

interface OverviewProps {
  readonly seen: Seen
  readonly wall: boolean
  readonly dark: boolean
  readonly store: LiveStore
}

export function Overview({ seen, wall, dark, store }: OverviewProps) {
  const { interfaces, overrides, decisions, status } = seen.live
  return (
    <div class="overview">
      <Alarms seen={seen} />
      <div class="column">
        <Interfaces interfaces={interfaces} wall={wall} />
        <TrendTiles seen={seen} dark={dark} store={store} />
      </div>
      <div class="column">
        <Detours seen={seen} overrides={overrides} wall={wall} />
        <Routers seen={seen} />
        <Decisions decisions={decisions} nowMs={seen.nowMs} wall={wall} />
        {!wall && <PrefixSearch routers={status!.routers} />}
      </div>
    </div>
  )
}
