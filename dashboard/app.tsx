/** The frame of the page: what stands on top at all times, and the place that is looked at. */
import { useEffect, useState } from 'preact/hooks'
import { applyAppearance, applyTheme, readTheme, readWall, systemColours, type Theme } from './data/appearance.ts'
import { judgeFreshness } from './data/freshness.ts'
import type { Live, Seen } from './data/live.ts'
import type { LiveStore } from './data/live-store.ts'
import { placeOf, type Place } from './data/route.ts'
import { InterfaceView } from './parts/interface-view.tsx'
import { Masthead } from './parts/masthead.tsx'
import { ModeDialog } from './parts/mode-dialog.tsx'
import { Notice } from './parts/notice.tsx'
import { Overview } from './parts/overview.tsx'
import { PrefixView } from './parts/prefix-view.tsx'

/** Ages grow also while nothing is heard. */
const TICK_MS = 1_000

export function App({ store }: { readonly store: LiveStore }) {
  const live = useLive(store)
  const place = usePlace()
  const [theme, setTheme] = useState(readTheme)
  const [wall, setWall] = useState(readWall)
  const [dark, setDark] = useState(() => applyTheme(theme))
  const [choosing, setChoosing] = useState(false)
  const pageMs = performance.now()
  const freshness = judgeFreshness(live, pageMs)
  const seen: Seen = { live, nowMs: pageMs + live.offsetMs }
  const show = (nextTheme: Theme, nextWall: boolean): void => {
    setDark(applyAppearance(nextTheme, nextWall))
    setTheme(nextTheme)
    setWall(nextWall)
  }
  useEffect(() => {
    const system = systemColours()
    const follow = (): void => setDark(applyTheme(theme))
    system.addEventListener('change', follow)
    return () => system.removeEventListener('change', follow)
  }, [theme])

  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <Masthead
        seen={seen}
        freshness={freshness}
        theme={theme}
        wall={wall}
        onTheme={(next) => show(next, wall)}
        onWall={(next) => show(theme, next)}
        onMode={() => setChoosing(true)}
      />
      <Notice seen={seen} freshness={freshness} />
      <main id="content" tabIndex={-1} class={freshness.kind === 'fresh' ? '' : 'old'}>
        {live.status !== undefined && <Content place={place} seen={seen} wall={wall} dark={dark} store={store} />}
      </main>
      {choosing && <ModeDialog live={live} onDone={() => void store.refresh()} onClose={() => setChoosing(false)} />}
    </>
  )
}

interface ContentProps {
  readonly place: Place
  readonly seen: Seen
  readonly wall: boolean
  readonly dark: boolean
  readonly store: LiveStore
}

function Content({ place, seen, wall, dark, store }: ContentProps) {
  switch (place.kind) {
    case 'overview':
      return <Overview seen={seen} wall={wall} dark={dark} store={store} />
    case 'interface':
      return <InterfaceView key={location.hash} seen={seen} place={place} dark={dark} store={store} />
    case 'prefix':
      return <PrefixView key={location.hash} seen={seen} place={place} />
  }
}

function useLive(store: LiveStore): Live {
  const [live, setLive] = useState(() => store.now())
  const [, setTick] = useState(0)
  useEffect(() => {
    let drawnMs = 0
    const draw = (): void => {
      drawnMs = performance.now()
      setLive(store.now())
    }
    const ticking = setInterval(() => {
      if (performance.now() - drawnMs >= TICK_MS - 100) setTick((tick) => tick + 1)
    }, TICK_MS)
    const end = store.subscribe(draw)
    draw()
    return () => {
      clearInterval(ticking)
      end()
    }
  }, [store])
  return live
}

/** Follows the address; a new place begins at its top, and its heading has the focus. */
function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash))
  useEffect(() => {
    const follow = (): void => {
      if (location.hash === '#content') return document.getElementById('content')?.focus()
      setPlace(placeOf(location.hash))
      scrollTo(0, 0)
      requestAnimationFrame(() => document.querySelector<HTMLElement>('main h2')?.focus())
    }
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  return place
}
