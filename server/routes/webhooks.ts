import { readWebhookSecret, rotateWebhookSecret } from '../../commands/webhookSecret.ts';
import type { JsonSchema, Route } from '../route.ts';

const textOrNull = { type: ['string', 'null'] };
const state = {
  exists: { type: 'boolean' },
  createdAt: textOrNull,
  createdBy: textOrNull,
  previousUntil: { ...textOrNull, description: 'Until when the former secret signs as well.' },
} as const satisfies Record<string, JsonSchema>;

const mayConfigure = { kind: 'may', area: 'config' } as const;

/** The secret that signs what pipelines send (`callWebhook`). */
export const webhookRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/webhook-secret',
    summary: { de: 'Geheimnis ausgehender Webhooks', en: 'Secret of outgoing webhooks' },
    access: mayConfigure,
    answer: { type: 'object', properties: state },
    handle: async (call) => ({ json: { data: await readWebhookSecret(call.ctx) } }),
  },
  {
    method: 'post',
    path: '/webhook-secret/rotate',
    summary: { de: 'Neues Geheimnis, einmal gezeigt', en: 'A new secret, shown once' },
    access: mayConfigure,
    answer: { type: 'object', properties: { ...state, secret: { type: 'string' } } },
    handle: async (call) => ({ json: { data: await rotateWebhookSecret(call.ctx, call.services.secrets) } }),
  },
];
