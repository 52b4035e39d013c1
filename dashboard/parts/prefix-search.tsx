/** Asks for one prefix's story. */
import { useState } from 'preact/hooks'
import type { Router } from '../data/rest.ts'
import { hashOf } from '../data/route.ts'

export function PrefixSearch({ routers }: { readonly routers: readonly Router[] }) {
  const [router, setRouter] = useState(routers[0]?.name ?? '')
  const [prefix, setPrefix] = useState('')
  return (
    <section class="prefix-search" aria-labelledby="prefix-search">
      <div class="section-head">
        <h2 id="prefix-search">Where does a prefix go?</h2>
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (prefix.trim() !== '') location.hash = hashOf({ kind: 'prefix', router, prefix: prefix.trim() })
        }}
      >
        {routers.length > 1 && (
          <select aria-label="Router" value={router} onChange={({ currentTarget }) => setRouter(currentTarget.value)}>
            {routers.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
        <input
          aria-label="Prefix or address"
          placeholder="198.51.100.0/24 or an address"
          value={prefix}
          onInput={({ currentTarget }) => setPrefix(currentTarget.value)}
          autocomplete="off"
          spellcheck={false}
        />
        <button type="submit">Tell its story</button>
      </form>
    </section>
  )
}
