/** The gobgpds that the tests run against. */
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, test } from 'vitest'
import type { GobgpDialect } from '../../src/bgp/wire/gobgp-dialect.ts'
import { GOBGP_V3 } from '../../src/bgp/wire/gobgp-v3.ts'
import { GOBGP_V4 } from '../../src/bgp/wire/gobgp-v4.ts'

export interface GobgpdBuild {
  readonly dialect: GobgpDialect
  /** Command that starts it. */
  readonly gobgpd: string
  /** GoBGP's own command line tool of the same version. */
  readonly gobgp: string
}

export const GOBGPD_3: GobgpdBuild = { dialect: GOBGP_V3, gobgpd: 'gobgpd', gobgp: 'gobgp' }

const FETCH = fileURLToPath(new URL('../fetch-gobgpd-4', import.meta.url))
/** What it ends with when Debian's unstable suite is out of reach. */
const UNREACHABLE = 75

/** gobgpd 4, or why there is none: test/run has fetched it already, or said why it could not. */
function findGobgpd4(): GobgpdBuild | string {
  let path = process.env['GOBGPD_4']
  if (path === undefined) {
    const { status, stdout, stderr } = spawnSync(FETCH, { encoding: 'utf8' })
    if (status === UNREACHABLE) return stderr
    if (status !== 0) throw new Error(`${FETCH} failed:\n${stderr}`)
    path = stdout.trim()
  }
  if (path === '') return 'gobgpd 4 could not be fetched: see the head of this run'
  return { dialect: GOBGP_V4, gobgpd: path, gobgp: join(dirname(path), 'gobgp') }
}

export const gobgpd4 = findGobgpd4()
const builds = [GOBGPD_3, gobgpd4].filter((build) => typeof build !== 'string')
const missing = [gobgpd4].filter((build) => typeof build === 'string')

/**
 * Runs a suite against gobgpd 3 and gobgpd 4, at the same time and beside its neighbors in the file, as tests
 * of sessions mostly wait; `inTurn` where seconds are counted. Without gobgpd 4 a skipped test says why.
 */
export function describeEachGobgpd(name: string, suite: (build: GobgpdBuild) => void, { inTurn = false } = {}): void {
  const titled = builds.map((build) => [`${build.dialect.version}: ${name}`, build] as const)
  describe.each(titled)('%s', { concurrent: !inTurn }, (_, build) => {
    describe('in order', { concurrent: false }, () => {
      suite(build)
    })
  })
  test.concurrent.for(missing)(`v4: ${name}`, (reason, { skip }) => skip(reason))
}
