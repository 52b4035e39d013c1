/** Prints every skipped test and, as the last line, the totals: `N passed, N failed`. */
import type { Reporter, TestCase, TestModule } from 'vitest/node'

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
    const failed = of('failed').length + broken + errors.length
    process.stdout.write(`\n${of('passed').length} passed, ${failed} failed\n`)
  }
}
