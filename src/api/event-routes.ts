/** Server-sent events. */
import type { LiveEvents } from './live-events.ts'
import { liveEventSchema } from './json/live-event.ts'
import { findInterfaces, routerName, UNKNOWN } from './parameters.ts'
import { streamRoute, type Route } from './route.ts'
import type { ApiView } from './view.ts'

const DESCRIPTION = `\
\`cycle\` comes with the last cycle at once, then after each cycle, once a second at most. \`override_added\` \
tells an override that is new, or that is in another state, leads elsewhere or began anew; \
\`override_withdrawn\` one that is gone, as it was last seen. With \`router\`, events of other routers are left \
out; alarms that are no single router's are not.

Nothing is told twice: who has (re)connected reads the lists again, and then follows the events. A stream ends \
when the service stops or reads its configuration again. One that does not take what it is sent for 10 s is \
dropped. A comment comes every 15 s.`

/** GET events. */
export function eventRoutes(view: ApiView, events: LiveEvents): readonly Route[] {
  return [
    streamRoute(
      {
        method: 'get',
        path: '/api/v1/events',
        tag: 'service',
        summary: 'Server-sent events: cycles, overrides, decisions and alarms as they happen',
        description: DESCRIPTION,
        query: { router: routerName.optional() },
        replies: {
          200: { description: 'Goes on.', schema: liveEventSchema, type: 'text/event-stream' },
        },
        errors: { ...UNKNOWN, 503: 'Too many streams are open.' },
      },
      ({ query: { router } }, response) => {
        findInterfaces(view.routers(), { router })
        events.open(response, router)
      },
    ),
  ]
}
