import { attentionOf } from '../attention.ts';
import type { Health } from '../health.ts';
import type { LiveEvents } from '../live-events.ts';
import type { Answer, Call, Route } from '../route.ts';

const lastEventId = (call: Call): number | undefined => {
  const header = call.headers['last-event-id'] ?? call.query.get('lastEventId');
  const id = header === undefined || header === null || header === '' ? Number.NaN : Number(header);
  return Number.isInteger(id) && id >= 0 ? id : undefined;
};

const events = async (call: Call, live: LiveEvents): Promise<Answer> => {
  await live.open(call.ctx, call.response, lastEventId(call));
  return { isHandled: true };
};

/** Watching the system: live changes, and the health page with what needs attention. */
export const operationsRoutes = (live: LiveEvents, health: Health): readonly Route[] => [
  {
    method: 'get',
    path: '/events',
    summary: {
      de: 'Änderungen, während sie geschehen (Server-Sent Events)',
      en: 'Changes as they happen (server-sent events)',
    },
    access: { kind: 'signedIn' },
    query: { lastEventId: { type: 'string', description: 'Instead of the header `Last-Event-ID`.' } },
    handle: async (call) => await events(call, live),
  },
  {
    method: 'get',
    path: '/operations',
    summary: { de: 'Zustand aller Teile', en: 'State of every part' },
    access: { kind: 'may', area: 'operate' },
    handle: async (call) => ({ json: { data: { parts: await health.parts(), attention: await attentionOf(call) } } }),
  },
];
