/** When the page itself cannot go on: a new one is fetched. */

/** Long enough to read what went wrong; a page that fails at once shall not storm the service. */
const RELOAD_AFTER_MS = 10_000

/** A fault of the page would leave a picture on the wall that no longer moves: it says so, and begins anew. */
export function reloadWhenBroken(): void {
  let broken = false
  const tell = (what: string): void => {
    if (broken) return
    broken = true
    const notice = document.createElement('p')
    notice.className = 'broken'
    notice.setAttribute('role', 'alert')
    notice.textContent = `This page has failed and shows nothing new (${what}). It begins anew in 10 s.`
    document.body.prepend(notice)
    setTimeout(() => location.reload(), RELOAD_AFTER_MS)
  }
  addEventListener('error', ({ message }) => tell(message))
  addEventListener('unhandledrejection', ({ reason }) => tell(String(reason)))
}

/** True when the service has another page by now: it was upgraded while this one was open. */
export async function isOutdated(): Promise<boolean> {
  const own = document.querySelector<HTMLScriptElement>('script[type=module]')?.getAttribute('src')
  if (own === null || own === undefined) return false
  const response = await fetch('/', { signal: AbortSignal.timeout(RELOAD_AFTER_MS) })
  return response.ok && !(await response.text()).includes(own)
}
