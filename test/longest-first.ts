/** The files that wait longest come first, in this order, so that none of them is left alone at the end. */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const LONGEST = [
  'lab/lab', 'service/three-routers', 'service/lies', 'service/lease', 'service/service', 'service/reload',
  'service/history', 'dashboard/page', 'demo/demo', 'service/moving-network', 'commands/switches', 'service/restarts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
      return at < 0 ? LONGEST.length : at
    }
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}
