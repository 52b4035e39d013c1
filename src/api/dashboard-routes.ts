/** The page for operators, as `npm run build:page` made it. */
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Express, RequestHandler } from 'express'
import { ApiError, refuseOtherMethods } from './api-error.ts'

/** The same folder from the sources and from what is compiled. */
const BUILT = fileURLToPath(new URL('../../dist/dashboard', import.meta.url))

/** All that the page loads comes from where it came from itself. Its charts place their parts by script. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** What shows openapi.json styles its parts inline; its scripts and requests are held as the page's are. */
const DOCS_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")

/** A page, where it is served, and what it may do. */
interface PageSpec {
  readonly path: string
  readonly policy: string
}

const PAGES: Readonly<Record<string, PageSpec>> = {
  'index.html': { path: '/', policy: POLICY },
  'docs.html': { path: '/api/docs', policy: DOCS_POLICY },
}

/** The folder holds no others. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

/**
 * Serves `folder` at `/`, but for the pages that have a path of their own. It is read now, so that a service
 * goes on with the pages that belong to it when an upgrade replaces the files.
 */
export function addDashboardRoutes(app: Express, folder = BUILT): void {
  const files = readFiles(folder)
  for (const [name, { path }] of Object.entries(PAGES)) {
    app
      .route(path)
      .get(files.get(name) ?? refuseUnbuilt)
      .all(refuseOtherMethods('GET', 'HEAD'))
  }
  for (const [name, serve] of files) {
    if (PAGES[name] === undefined) app.route(`/${name}`).get(serve).all(refuseOtherMethods('GET', 'HEAD'))
  }
}

const refuseUnbuilt: RequestHandler = () => {
  throw new ApiError(503, 'page_not_built', 'the page is not built: npm run build:page, and start again')
}

/** A handler for each file, by name; none when the pages are not built. */
function readFiles(folder: string): Map<string, RequestHandler> {
  const names = readNames(folder).filter((name) => TYPES[extname(name)] !== undefined && !name.startsWith('.'))
  return new Map(names.map((name) => [name, serveFile(name, readFileSync(join(folder, name)))]))
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** All but the pages are named by their hash, and may be kept for ever. */
function serveFile(name: string, contents: Buffer): RequestHandler {
  const page = PAGES[name]
  return (_, response) => {
    if (page !== undefined) response.setHeader('content-security-policy', page.policy)
    else response.setHeader('cache-control', 'public, max-age=31536000, immutable')
    response.setHeader('content-type', TYPES[extname(name)]!)
    response.end(contents)
  }
}
