/** The head of the page: mode, whether it is live, and the controls. */
import type { Seen } from '../data/live.ts'
import { THEMES, type Theme } from '../data/appearance.ts'
import { sumBps } from '../data/detours.ts'
import type { Freshness } from '../data/freshness.ts'
import { MODE_MEANINGS, MODE_NAMES } from '../data/mode-effects.ts'
import { hashOf } from '../data/route.ts'
import { ageText, countText, rateText, timeText } from '../data/words.ts'

interface MastheadProps {
  readonly seen: Seen
  readonly freshness: Freshness
  readonly theme: Theme
  readonly wall: boolean
  readonly onTheme: (theme: Theme) => void
  readonly onWall: (wall: boolean) => void
  readonly onMode: () => void
}

const THEME_NAMES: Readonly<Record<Theme, string>> = { auto: 'as the system', light: 'light', dark: 'dark' }

export function Masthead({ seen, freshness, theme, wall, onTheme, onWall, onMode }: MastheadProps) {
  const { status } = seen.live
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!
  return (
    <header class="masthead">
      <h1>
        <a href={hashOf({ kind: 'overview' })}>Spillway</a>
      </h1>
      {status !== undefined && (
        <p class={`mode mode-${status.mode}`}>
          <strong>{MODE_NAMES[status.mode]}</strong> <span>{MODE_MEANINGS[status.mode]}</span>
        </p>
      )}
      {status !== undefined && <Summary seen={seen} />}
      <LiveMark seen={seen} freshness={freshness} />
      <div class="controls">
        <button type="button" onClick={() => onTheme(next)} aria-label={`Colours: ${THEME_NAMES[theme]}. Change to ${THEME_NAMES[next]}`}>
          {theme === 'auto' ? 'Light/dark' : theme === 'light' ? 'Light' : 'Dark'}
        </button>
        <button type="button" onClick={() => onWall(!wall)} aria-pressed={wall}>
          Wall
        </button>
        <button type="button" class="switch" onClick={onMode} disabled={status === undefined}>
          Change mode …
        </button>
      </div>
    </header>
  )
}

/** All in one sentence. */
function Summary({ seen: { live } }: { readonly seen: Seen }) {
  const high = live.interfaces.filter(({ state }) => state === 'high').length
  const planned = live.overrides.filter(({ state }) => state === 'planned')
  const installed = live.overrides.filter(({ state }) => state !== 'planned')
  const alarms = live.status?.alarms.length ?? 0
  const parts = [
    high === 0 ? 'no interface above its mark' : `${countText(high, 'interface')} above the mark`,
    installed.length === 0 ? 'no detour' : `${countText(installed.length, 'detour')}, ${rateText(sumBps(installed))}`,
    ...(planned.length === 0 ? [] : [`${planned.length} only planned, ${rateText(sumBps(planned))}`]),
    alarms === 0 ? 'no alarm' : countText(alarms, 'alarm'),
  ]
  return <p class="summary">{parts.join(' · ')}</p>
}

/** A clock that moves shows that the page does; beside it whether the service is heard. */
function LiveMark({ seen: { live, nowMs }, freshness }: { readonly seen: Seen; readonly freshness: Freshness }) {
  if (live.status === undefined) return <p class="live live-lost">no data</p>
  const clock = <time class="clock">{timeText(new Date(nowMs).toISOString(), nowMs)}</time>
  if (freshness.kind === 'fresh') return <p class="live">{clock} live</p>
  const agoMs = nowMs - live.offsetMs - live.heardMs
  return (
    <p class="live live-lost">
      {clock} {freshness.kind === 'stalled' ? 'no plan' : `${ageText(agoMs)} old`}
    </p>
  )
}
