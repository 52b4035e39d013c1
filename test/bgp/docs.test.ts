/** What the documentation tells users to run is what we run. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { renderGobgpdConfig } from '../../src/bgp/gobgpd-config.ts'
import { parseAddress } from '../../src/model/prefix.ts'

test('docs/gobgpd.toml is what the renderer makes', () => {
  const text = readFileSync(new URL('../../docs/gobgpd.toml', import.meta.url), 'utf8')
  const [host, router] = [parseAddress('10.1.4.100'), parseAddress('10.1.4.1')]
  const neighbors = [{ address: router, localAddress: host }]
  const rendered = renderGobgpdConfig({
    asn: 64512, routerId: '10.1.4.100', listenPort: 179, localAddresses: [host], neighbors,
  })
  expect(text.replace(/^#.*\n/gm, '')).toBe(rendered)
})
