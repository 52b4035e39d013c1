/** The token of the API: asked for, and kept at most for as long as this tab is open. */

const TOKEN = 'spillway.token'

export function keptToken(): string {
  try {
    return sessionStorage.getItem(TOKEN) ?? ''
  } catch {
    return ''
  }
}

export function keepToken(token: string | undefined): void {
  try {
    if (token === undefined) sessionStorage.removeItem(TOKEN)
    else sessionStorage.setItem(TOKEN, token)
  } catch {
    // A browser that keeps nothing is asked again.
  }
}
