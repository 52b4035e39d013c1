/**
 * Writes what is made from what it describes, pages of docs/ and files of vagrant/: `npm run docs`. A test compares
 * each with its file, so that none goes stale.
 */
import { writeFileSync } from 'node:fs'
import { renderConfigurationPage } from './configuration-page.ts'
import { renderMetricsPage } from './metrics-page.ts'
import { VAGRANT_FILES } from '../vagrant/render-files.ts'

/** By file. */
export const GENERATED_PAGES: Readonly<Record<string, () => string>> = {
  'configuration.md': renderConfigurationPage,
  'metrics.md': renderMetricsPage,
  ...Object.fromEntries(Object.entries(VAGRANT_FILES).map(([file, render]) => [`../vagrant/files/${file}`, render])),
}

if (import.meta.main) {
  for (const [file, render] of Object.entries(GENERATED_PAGES)) {
    writeFileSync(new URL(file, import.meta.url), render())
  }
}
