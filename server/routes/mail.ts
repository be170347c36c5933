import { modelOf } from '../../commands/context.ts';
import { readMailAddress, renewMailAddress, revokeMailAddress } from '../../commands/mail/mailAddress.ts';
import { proposePlaces } from '../../commands/mail/proposePlaces.ts';
import { readContent, readMailOfEntry } from '../../commands/mail/readMail.ts';
import {
  createPersonOfMail,
  dismissMail,
  fileMailOn,
  makeLeadOfMail,
  type Sorted,
} from '../../commands/mail/sortMail.ts';
import { visibleRecord } from '../../commands/record-write.ts';
import type { RecordData } from '../../store/record-table.ts';
import { attachmentOf } from '../download.ts';
import { asObject, asText } from '../input.ts';
import { mailDomainOf } from '../mail/mail-domain.ts';
import { shownMail } from '../mail/shown-mail.ts';
import type { Answer, Call, Route } from '../route.ts';

const idOf = (call: Call): string => call.params['id'] ?? '';

const showAddress = ({ ctx, services }: Call, local: string | null): Answer => ({
  json: { data: { address: local === null ? null : `${local}@${mailDomainOf(ctx.snapshot, services.publicUrl)}` } },
});

const shown = async ({ services }: Call, message: RecordData): Promise<Answer> => ({
  json: { data: await shownMail(message, services.blobs) },
});

const sorted = ({ ctx }: Call, { message, event }: Sorted): Answer => ({
  json: { data: visibleRecord(ctx, modelOf(ctx, 'intake-message'), message), event },
});

const text = { type: 'string' };
const sorting = { kind: 'verb', verb: 'file', entity: 'intake-message' } as const;
const reading = { kind: 'verb', verb: 'read', entity: 'intake-message' } as const;
const signedIn = { kind: 'signedIn' } as const;
const bodyOf = (properties: RecordData, required: readonly string[]): RecordData => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

/** Mail: the address for filing, what a mail says, and sorting those that found no place by themselves. */
export const mailRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/me/mail-address',
    summary: { de: 'Eigene Ablageadresse', en: 'Own address for filing' },
    access: signedIn,
    handle: async (call) => showAddress(call, await readMailAddress(call.ctx)),
  },
  {
    method: 'put',
    path: '/me/mail-address',
    summary: { de: 'Neue Ablageadresse; die alte gilt nicht mehr', en: 'New address for filing; the old one is void' },
    access: signedIn,
    handle: async (call) => showAddress(call, await renewMailAddress(call.ctx)),
  },
  {
    method: 'delete',
    path: '/me/mail-address',
    summary: { de: 'Ablageadresse zurücknehmen', en: 'Take the address for filing back' },
    access: signedIn,
    handle: async (call) => {
      await revokeMailAddress(call.ctx);
      return { status: 204 };
    },
  },
  {
    method: 'get',
    path: '/intake-messages/:id/mail',
    summary: { de: 'Inhalt einer Mail', en: 'Content of a mail' },
    access: reading,
    handle: async (call) => await shown(call, await readContent(call.ctx, idOf(call))),
  },
  {
    method: 'get',
    path: '/timeline-entries/:id/mail',
    summary: { de: 'Die Mail hinter einem Eintrag', en: 'The mail behind an entry' },
    access: { kind: 'verb', verb: 'read', entity: 'timeline-entry' },
    handle: async (call) => await shown(call, await readMailOfEntry(call.ctx, idOf(call))),
  },
  {
    method: 'get',
    path: '/timeline-entries/:id/attachments/:index',
    summary: { de: 'Anhang einer Mail laden', en: 'Download an attachment of a mail' },
    access: { kind: 'verb', verb: 'read', entity: 'timeline-entry' },
    handle: async (call) => await attachmentOf(call, await readMailOfEntry(call.ctx, idOf(call))),
  },
  {
    method: 'get',
    path: '/intake-messages/:id/proposals',
    summary: { de: 'Vorschläge zum Zuordnen einer Mail', en: 'Proposals where a mail belongs' },
    access: sorting,
    handle: async (call) => ({ json: { data: await proposePlaces(call.ctx, idOf(call)) } }),
  },
  {
    method: 'post',
    path: '/intake-messages/:id/file',
    summary: { de: 'Mail an einem Datensatz ablegen', en: 'File a mail on a record' },
    access: sorting,
    body: bodyOf({ entity: text, record: text }, ['entity', 'record']),
    handle: async (call) => {
      const body = asObject(call.body);
      const place = { entity: asText(body['entity'], '/entity'), record: asText(body['record'], '/record') };
      return sorted(call, await fileMailOn(call.ctx, { id: idOf(call), ...place }));
    },
  },
  {
    method: 'post',
    path: '/intake-messages/:id/create-person',
    summary: { de: 'Person anlegen und Mail dort ablegen', en: 'Create a person and file the mail there' },
    access: sorting,
    body: bodyOf({ fields: { type: 'object' }, force: { type: 'boolean' } }, ['fields']),
    handle: async (call) => {
      const body = asObject(call.body);
      const input = { id: idOf(call), fields: asObject(body['fields']), force: body['force'] === true };
      return sorted(call, await createPersonOfMail(call.ctx, input));
    },
  },
  {
    method: 'post',
    path: '/intake-messages/:id/make-lead',
    summary: { de: 'Aus einer Mail einen Inbox-Eintrag machen', en: 'Make a lead of a mail' },
    access: sorting,
    handle: async (call) => {
      const made = await makeLeadOfMail(call.ctx, { id: idOf(call) });
      call.services.wakeRelay();
      return sorted(call, made);
    },
  },
  {
    method: 'post',
    path: '/intake-messages/:id/dismiss',
    summary: { de: 'Mail ist nicht relevant', en: 'A mail is not relevant' },
    access: sorting,
    handle: async (call) => sorted(call, await dismissMail(call.ctx, { id: idOf(call) })),
  },
];
