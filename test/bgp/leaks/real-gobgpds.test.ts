/** What real gobgpds tell of themselves, and what is found wrong with it. */
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createBgp } from '../../../src/bgp/bgp.ts'
import { renderGobgpdConfig } from '../../../src/bgp/gobgpd-config.ts'
import { formatFinding } from '../../../src/bgp/leaks/finding.ts'
import { judgeSetup } from '../../../src/bgp/leaks/judge-setup.ts'
import { parseAddress } from '../../../src/model/prefix.ts'
import { parseCommunity } from '../../../src/model/route.ts'
import { findFreePort } from '../../../src/simulator/free-port.ts'
import { startGobgpd } from '../../../src/simulator/gobgpd.ts'
import { ASN, GOBGP_ADDRESS, GOBGP_ROUTER_ID, ROUTER_ADDRESS, until } from '../edge.ts'
import { describeEachGobgpd } from '../gobgpds.ts'

const MARKER = parseCommunity('64512:100')

async function configOf(): Promise<string> {
  const localAddress = parseAddress(GOBGP_ADDRESS)
  return renderGobgpdConfig({
    asn: ASN, routerId: GOBGP_ROUTER_ID, listenPort: await findFreePort(GOBGP_ADDRESS), localAddresses: [localAddress],
    marker: MARKER,
    neighbors: [{ address: parseAddress(ROUTER_ADDRESS), localAddress }],
  })
}

/** What is wrong with a gobgpd that runs this, as words. */
async function inspect(gobgpd: string, config: string): Promise<string[]> {
  const daemon = await startGobgpd({ command: gobgpd, config })
  const { api: target } = daemon
  const routers = [{ name: 'rtr1', address: parseAddress(ROUTER_ADDRESS), gobgp: target }]
  const bgp = createBgp({ routers, localPref: 500, marker: MARKER, clock: Date.now, logger: pino({ level: 'silent' }) })
  try {
    await bgp.start()
    await until('it is connected', () => bgp.status()[0]!.connected)
    const found = judgeSetup(await bgp.setup(target), routers, MARKER)
    return found.map((finding) => `${finding.kind}: ${formatFinding(finding)}`)
  } finally {
    await bgp.stop()
    await daemon.stop()
  }
}

const PLAIN_HEAD = (config: string): string => config.slice(0, config.indexOf('[global.apply-policy'))
const NEIGHBORS = (config: string): string => config.slice(config.indexOf('[[neighbors]]'))

/** The policies that a configuration has instead of ours. */
function withPolicies(config: string, policies: string): string {
  return PLAIN_HEAD(config) + policies + NEIGHBORS(config)
}

function neighbor(address: string, asn: number, rest = ''): string {
  return `[[neighbors]]
  [neighbors.config]
    neighbor-address = "${address}"
    peer-as = ${asn}
  [neighbors.transport.config]
    passive-mode = true
${rest}`
}

function policy(name: string, conditions: string, actions = 'route-disposition = "accept-route"'): string {
  return `[[policy-definitions]]
  name = "${name}"
  [[policy-definitions.statements]]
    name = "${name}-1"
    ${conditions}
    [policy-definitions.statements.actions]
      ${actions}
`
}

function applied(importing: string, exporting: string): string {
  return `[global.apply-policy.config]
${importing}
${exporting}
`
}

const BGP = '[policy-definitions.statements.conditions.bgp-conditions]'
const LOCAL = `${BGP}
      route-type = "local"`
const withSet = (match: string): string => `[policy-definitions.statements.conditions.bgp-conditions.match-community-set]
      community-set = "set"
      match-set-options = "${match}"`
const set = (...communities: string[]): string => `[[defined-sets.bgp-defined-sets.community-sets]]
  community-set-name = "set"
  community-list = ${JSON.stringify(communities)}
`
const [IMPORT_LOCAL, EXPORT_P] = [
  'import-policy-list = ["local"]\ndefault-import-policy = "reject-route"',
  'export-policy-list = ["p"]\ndefault-export-policy = "reject-route"',
]
const LOCAL_ONLY = 'set route-type = "local" in its [policy-definitions.statements.conditions.bgp-conditions]'
const DOUBT = 'doubt: the import default is accept, so that learned routes get into the table: one with a higher LOCAL_PREF ' +
  'takes an override\'s place, which is then not sent: set default-import-policy = "reject-route" in [global.apply-policy.config]'

const CASES: readonly [string, (config: string) => string, readonly string[]][] = [
  ['what we render is sound', (c) => c, []],
  ['local routes only, both ways', (c) => withPolicies(c, applied(IMPORT_LOCAL, EXPORT_P) + policy('local', LOCAL) + policy('p', LOCAL)), []],
  ['local routes with the marker', (c) =>
    withPolicies(c, applied(IMPORT_LOCAL, EXPORT_P) + set('64512:100') + policy('local', LOCAL) + policy('p', `${LOCAL}\n${withSet('any')}`)), []],
  ['the marker, in figures, with nothing learned imported', (c) =>
    withPolicies(c, applied(IMPORT_LOCAL, EXPORT_P) + set(String(MARKER), 'no-export') + policy('local', LOCAL) + policy('p', withSet('all'))), []],
  ['import of everything', (c) =>
    withPolicies(c, applied('default-import-policy = "accept-route"', EXPORT_P) + policy('p', LOCAL)), [DOUBT]],
  ['no policy at all', (c) => withPolicies(c, ''), [
    'leak: the export default is accept: what no statement rejects is sent: ' +
      'set default-export-policy = "reject-route" in [global.apply-policy.config]',
    DOUBT,
  ]],
  ['an export policy that lets all pass', (c) => withPolicies(c, applied(IMPORT_LOCAL, EXPORT_P) + policy('local', LOCAL) + policy('p', '')), [
    `leak: export policy "p", statement "p-1", accepts learned routes: ${LOCAL_ONLY}`,
  ]],
  ['a community set that matches others, too', (c) =>
    withPolicies(c, applied(IMPORT_LOCAL, EXPORT_P) + set('64512:10.*') + policy('local', LOCAL) + policy('p', withSet('any'))), [
    'leak: export policy "p", statement "p-1", accepts learned routes: community set "set" (any of 64512:10.*) ' +
      `matches more than 64512:100: ${LOCAL_ONLY}`,
  ]],
  ['a community set turned around', (c) =>
    withPolicies(c, applied(IMPORT_LOCAL, EXPORT_P) + set('64512:100') + policy('local', LOCAL) + policy('p', withSet('invert'))), [
    'leak: export policy "p", statement "p-1", accepts learned routes: community set "set" (invert of ^64512:100$) ' +
      `matches more than 64512:100: ${LOCAL_ONLY}`,
  ]],
  ['NO_EXPORT taken away', (c) =>
    withPolicies(c, applied(IMPORT_LOCAL, EXPORT_P) + policy('local', LOCAL) + policy('p', LOCAL, `route-disposition = "accept-route"
      [policy-definitions.statements.actions.bgp-actions.set-community]
        options = "remove"
        [policy-definitions.statements.actions.bgp-actions.set-community.set-community-method]
          communities-list = ["no-export"]`)), [
    'leak: export policy "p", statement "p-1", may take NO_EXPORT or the marker from an override: remove set-community ' +
      'from its [policy-definitions.statements.actions.bgp-actions], or name the communities to remove in full',
  ]],
  ['communities replaced, and added in another statement that is sound', (c) => {
    const setting = (options: string): string => `route-disposition = "accept-route"
      [policy-definitions.statements.actions.bgp-actions.set-community]
        options = "${options}"
        [policy-definitions.statements.actions.bgp-actions.set-community.set-community-method]
          communities-list = ["64512:100"]`
    const policies = policy('local', LOCAL, setting('add')) + policy('p', LOCAL, setting('replace'))
    return withPolicies(c, applied(IMPORT_LOCAL, EXPORT_P) + policies)
  }, [
    'leak: export policy "p", statement "p-1", may take NO_EXPORT or the marker from an override: remove set-community ' +
      'from its [policy-definitions.statements.actions.bgp-actions], or name the communities to remove in full',
  ]],
  ['next hop and LOCAL_PREF changed', (c) =>
    withPolicies(c, applied(IMPORT_LOCAL, EXPORT_P) + policy('local', LOCAL) + policy('p', LOCAL, `route-disposition = "accept-route"
      [policy-definitions.statements.actions.bgp-actions]
        set-next-hop = "self"
        set-local-pref = 90`)), ['next-hop', 'local-pref'].map((what) =>
    `leak: export policy "p", statement "p-1", changes the ${what} of an override: ` +
      `remove set-${what} from its [policy-definitions.statements.actions.bgp-actions]`)],
  ['neighbors that must not be', (c) => `${c}${neighbor('127.0.0.8', 65050)}${neighbor('127.0.0.9', ASN)}
[[peer-groups]]
  [peer-groups.config]
    peer-group-name = "anybody"
    peer-as = ${ASN}
[[dynamic-neighbors]]
  [dynamic-neighbors.config]
    prefix = "127.0.9.0/24"
    peer-group = "anybody"
`, [
    `leak: neighbor 127.0.0.8 is no iBGP neighbor (AS 65050, gobgpd's is ${ASN}): ` +
      'remove its [[neighbors]] block (gobgp neighbor del 127.0.0.8)',
    'leak: neighbor 127.0.0.9 is none of our routers, and would get every override: remove its [[neighbors]] block ' +
      '(gobgp neighbor del 127.0.0.9), or list it under routers: with this gobgp',
    'leak: whoever connects from 127.0.9.0/24 becomes a neighbor (of peer group "anybody"): ' +
      'remove the [[dynamic-neighbors]] block with prefix = "127.0.9.0/24"',
  ]],
  ['our router taking the family of our notes', (c) => `${c}
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-encap"
`, [
    `leak: neighbor ${ROUTER_ADDRESS} takes routes of ipv4-encap, in which Spillway keeps its notes: ` +
      'remove the [[neighbors.afi-safis]] block with afi-safi-name = "ipv4-encap"',
  ]],
  ['our router as a route-server client', (c) => PLAIN_HEAD(c) + applied(IMPORT_LOCAL, EXPORT_P) + policy('local', LOCAL) + policy('p', LOCAL) +
    neighbor(ROUTER_ADDRESS, 65050, `  [neighbors.route-server.config]
    route-server-client = true
`), [
    `leak: neighbor ${ROUTER_ADDRESS} is no iBGP neighbor (AS 65050, gobgpd's is ${ASN}): ` +
      `set peer-as = ${ASN} in its [neighbors.config], without local-as`,
    `leak: neighbor ${ROUTER_ADDRESS} is a route-server client, which the global policies do not bind: ` +
      'set route-server-client = false in its [neighbors.route-server.config]',
  ]],
]

describeEachGobgpd('leaks', ({ gobgpd }) => {
  test.each(CASES)('%s', async (_, change, words) => {
    const found = await inspect(gobgpd, change(await configOf()))
    // GoBGP lists its neighbors in no order.
    expect(found.toSorted()).toEqual(words.toSorted())
  })
})
