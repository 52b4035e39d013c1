/** How the page looks on this screen: kept in this browser, nothing else is. */

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const THEME = 'spillway.theme'
const WALL = 'spillway.wall'

export function readTheme(): Theme {
  return THEMES.find((theme) => theme === read(THEME)) ?? 'auto'
}

export function readWall(): boolean {
  return read(WALL) === 'yes'
}

/** Shows the theme's colours; returns whether they are dark. */
export function applyTheme(theme: Theme): boolean {
  const dark = theme === 'auto' ? systemColours().matches : theme === 'dark'
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light'
  return dark
}

/** Matches while the system's own colours are dark. */
export function systemColours(): MediaQueryList {
  return matchMedia('(prefers-color-scheme: dark)')
}

/** Applies and keeps it; returns whether colours are dark. `wall`: large type, only what matters from afar. */
export function applyAppearance(theme: Theme, wall: boolean): boolean {
  const { dataset } = document.documentElement
  const dark = applyTheme(theme)
  if (wall) dataset['wall'] = ''
  else delete dataset['wall']
  try {
    localStorage.setItem(THEME, theme)
    localStorage.setItem(WALL, wall ? 'yes' : 'no')
  } catch {
    // A browser that keeps nothing forgets it with the page.
  }
  return dark
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}
