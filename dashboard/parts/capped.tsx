/** Long lists: the first of them, and a button for all. */
import { useState } from 'preact/hooks'

/** The first `most` of the items until `more` is pressed; `button` is undefined while there are no others. */
export function useCapped<T>(items: readonly T[], most: number, noun: string) {
  const [all, setAll] = useState(false)
  const shown = all ? items : items.slice(0, most)
  const button =
    items.length <= most ? undefined : (
      <button type="button" class="more" onClick={() => setAll(!all)} aria-expanded={all}>
        {all ? `Show the first ${most} only` : `Show all ${items.length.toLocaleString('en-GB')} ${noun}`}
      </button>
    )
  return { shown, button }
}
