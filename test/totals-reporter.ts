/**
 * Prints every skipped test and, as the last line, the totals: `N passed, N failed`. With SPILLWAY_LAB_MUST_RUN
 * in the environment it is a failure when no test of the lab passed. The files with failures are written to
 * SPILLWAY_FAILED_FILES, a line each; none when something failed outside of them.
 */
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter, TestCase, TestModule } from 'vitest/node'

const LAB_TESTS = 'test/lab/lab.test.ts'

export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests: TestCase[] = modules.flatMap((module) => [...module.children.allTests()])
    const of = (state: string): TestCase[] => tests.filter((t) => t.result().state === state)
    for (const test of of('skipped')) {
      const result = test.result()
      const reason = (result.state === 'skipped' && result.note) || 'no reason given'
      process.stdout.write(`skipped: ${test.fullName}: ${reason}\n`)
    }
    const broken = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0).length
    const labPassed = of('passed').some(({ module }) => module.moduleId.endsWith(LAB_TESTS))
    const labMissing = process.env['SPILLWAY_LAB_MUST_RUN'] !== undefined && !labPassed
    if (labMissing) {
      process.stdout.write(`failed: no test of ${LAB_TESTS} passed, on a machine where root has namespaces\n`)
      process.exitCode = 1
    }
    const failed = of('failed').length + broken + errors.length + Number(labMissing)
    const file = process.env['SPILLWAY_FAILED_FILES']
    if (file !== undefined && errors.length === 0 && !labMissing) {
      const names = modules.filter((module) => !module.ok()).map(({ moduleId }) => relative('.', moduleId))
      writeFileSync(file, names.map((name) => `${name}\n`).join(''))
    }
    process.stdout.write(`\n${of('passed').length} passed, ${failed} failed\n`)
  }
}
