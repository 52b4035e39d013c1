/**
 * Builds what browsers show into dist/dashboard: the page (index.html), and the one that shows openapi.json
 * (docs.html); scripts and style sheets whose names hold their hash.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const SOURCES = fileURLToPath(new URL('.', import.meta.url))
const TARGET = fileURLToPath(new URL('../dist/dashboard', import.meta.url))

const { outputFiles } = await build({
  entryPoints: {
    page: join(SOURCES, 'main.tsx'),
    docs: 'openapi-explorer/dist/browser/openapi-explorer.min.js',
  },
  outdir: TARGET,
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  logLevel: 'warning',
})

const names = outputFiles.map(({ path }) => basename(path))
const pages = ['index.html', 'docs.html']

/** With the names that scripts and style sheets have now. */
function render(page: string): string {
  return readFileSync(join(SOURCES, page), 'utf8').replaceAll(/"\/(\w+)(\.\w+)"/g, (_, name: string, ending: string) => {
    return `"/${names.find((one) => one.startsWith(`${name}-`) && one.endsWith(ending))}"`
  })
}

mkdirSync(TARGET, { recursive: true })
// The pages come last, and what they no longer name goes after that: a service that starts meanwhile finds all.
for (const { path, contents } of outputFiles) put(basename(path), contents)
for (const page of pages) put(page, render(page))
for (const name of readdirSync(TARGET)) {
  if (!names.includes(name) && !pages.includes(name)) rmSync(join(TARGET, name), { force: true })
}

/** As a whole or not at all. */
function put(name: string, contents: string | Uint8Array): void {
  const unfinished = join(TARGET, `.${name}.${process.pid}`)
  writeFileSync(unfinished, contents)
  renameSync(unfinished, join(TARGET, name))
}
