/** Says when what is shown is old, and what cannot be steered: over the whole width, before anything else. */
import type { Seen } from '../data/live.ts'
import type { Freshness } from '../data/freshness.ts'
import { ageText, timeText } from '../data/words.ts'

interface NoticeProps {
  readonly seen: Seen
  readonly freshness: Freshness
}

export function Notice({ seen, freshness }: NoticeProps) {
  const text = noticeText(seen, freshness)
  return (
    <div role="alert" aria-atomic="true">
      {text !== undefined && <p class={`notice notice-${freshness.kind}`}>{text}</p>}
    </div>
  )
}

function noticeText({ live, nowMs }: Seen, freshness: Freshness): string | undefined {
  switch (freshness.kind) {
    case 'fresh':
      return undefined
    case 'waiting':
      return freshness.why === undefined
        ? 'Asking the service …'
        : `The service does not answer (${freshness.why}). Trying again every second or so.`
    case 'lost': {
      const at = timeText(new Date(live.heardMs + live.offsetMs).toISOString(), nowMs)
      return `OLD: the service does not answer. All below is as of ${at}, and may be wrong by now. Trying again.`
    }
    case 'stalled':
      return `OLD: the service answers, but has made no plan for ${ageText(freshness.agoMs)}. Nothing is steered.`
  }
}
