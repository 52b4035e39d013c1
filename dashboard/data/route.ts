/** What is looked at, as the part of the address behind `#`, so that it can be kept and sent on. Pure. */

export type Place =
  | { readonly kind: 'overview' }
  | { readonly kind: 'interface'; readonly router: string; readonly name: string }
  | { readonly kind: 'prefix'; readonly router: string; readonly prefix: string }

/** The hash of a place, with its `#`. */
export function hashOf(place: Place): string {
  switch (place.kind) {
    case 'overview':
      return '#/'
    case 'interface':
      return `#/interface/${encodeURIComponent(place.router)}/${encodeURIComponent(place.name)}`
    case 'prefix':
      return `#/prefix/${encodeURIComponent(place.router)}/${encodeURIComponent(place.prefix)}`
  }
}

/** The place of a hash; the overview when it names none. */
export function placeOf(hash: string): Place {
  const [kind, router, rest] = hash.replace(/^#\/?/, '').split('/').map(decode)
  if (router === undefined || rest === undefined) return { kind: 'overview' }
  if (kind === 'interface') return { kind, router, name: rest }
  if (kind === 'prefix') return { kind, router, prefix: rest }
  return { kind: 'overview' }
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
