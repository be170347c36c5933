import { modelOf } from '../../commands/context.ts';
import { presentMatch } from '../../commands/createContact.ts';
import { findMatches, toSketch, type Matches } from '../../commands/findMatches.ts';
import { readRecord } from '../../commands/readRecord.ts';
import { visibleRecord } from '../../commands/record-write.ts';
import { asObject } from '../input.ts';
import type { Answer, Call, Route } from '../route.ts';

const presentMatches = (matches: Matches): Answer => ({
  json: {
    data: {
      organizations: matches.organizations.map((match) => presentMatch('organization', match)),
      persons: matches.persons.map((match) => presentMatch('person', match)),
      leads: matches.leads.map((match) => presentMatch('lead', match)),
    },
  },
});

const ofLead = async (call: Call): Promise<Answer> => {
  const { ctx, services } = call;
  const model = modelOf(ctx, 'lead');
  const lead = await readRecord(ctx, model, call.params['id'] ?? '');
  const sketch = toSketch(visibleRecord(ctx, model, lead));
  return presentMatches(await findMatches(ctx, services.db, { sketch, exceptLead: String(lead['id']) }));
};

const beforehand = async (call: Call): Promise<Answer> =>
  presentMatches(await findMatches(call.ctx, call.services.db, { sketch: toSketch(asObject(call.body)) }));

const text = { type: ['string', 'null'] };
/** Everything that records are compared by. */
const sketch = {
  company: text,
  firstName: text,
  lastName: text,
  email: text,
  phone: text,
  street: text,
  postalCode: text,
  domain: text,
  vatId: text,
  registerNumber: text,
  source: text,
  externalId: text,
};

/** Likely doubles, of a lead and before anything is made (B24). */
export const leadRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/leads/:id/matches',
    summary: { de: 'Mögliche Dubletten', en: 'Likely duplicates' },
    access: { kind: 'verb', verb: 'read', entity: 'lead' },
    handle: ofLead,
  },
  {
    method: 'post',
    path: '/matches',
    summary: { de: 'Dubletten suchen, bevor etwas angelegt wird', en: 'Look for duplicates before anything is made' },
    access: { kind: 'verb', verb: 'read', entity: 'lead' },
    body: { type: 'object', properties: sketch, additionalProperties: false },
    handle: beforehand,
  },
];
