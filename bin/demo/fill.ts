import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { createUser } from '../../commands/accounts/createUser.ts';
import { addNote } from '../../commands/addNote.ts';
import { archiveLead } from '../../commands/archiveLead.ts';
import { completeActivity } from '../../commands/activityActs.ts';
import { assignRecord } from '../../commands/assignRecord.ts';
import { modelOf, type Context } from '../../commands/context.ts';
import { convertLead } from '../../commands/convertLead.ts';
import { createContact } from '../../commands/createContact.ts';
import { createRecord } from '../../commands/createRecord.ts';
import { linkContacts } from '../../commands/linkContacts.ts';
import { moveStage } from '../../commands/moveStage.ts';
import { receiveMessage } from '../../commands/receiveMessage.ts';
import { sourceOf } from '../../commands/source.ts';
import { sourceActor, systemActor, userActor, type Actor } from '../../core/actor.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { createAbility } from '../../core/permissions.ts';
import type { User } from '../../store/accounts-users.ts';
import type { Foundation } from '../foundation.ts';
import { createStories, type Story } from './stories.ts';
import { staff } from './words.ts';

const everything = { key: 'superadmin', label: { de: 'Demo', en: 'Demo' }, can: [{ do: ['*'], on: '*' }], may: ['*'] };
const domain = 'nordlicht-energie.example';
/** Stories told at once: their writes share commits. */
const atOnce = 25;

type At = (actor: Actor, instant: string) => Context;

const contextMaker = ({ db, registry }: Foundation): At => {
  const ids =
    (instant: string): (() => string) =>
    () =>
      uuidv7({ msecs: Date.parse(instant) });
  return (actor, instant) => {
    const snapshot = registry.snapshot(actor.tenantId);
    const ability = createAbility(everything, actor, { models: snapshot.models, now: new Date(instant) });
    // Yesterday's records get ids of yesterday, so that they lie where real ones would.
    return {
      db,
      snapshot,
      actor,
      ability,
      language: 'de',
      now: () => new Date(instant),
      newId: ids(instant),
      lane: 'background',
    };
  };
};

const mailOf = (name: string): string => `${name.toLowerCase().replaceAll(' ', '.')}@${domain}`;

const hire = async (foundation: Foundation, at: At, now: Date): Promise<{ users: User[]; password: string }> => {
  const ctx = at(systemActor('main'), now.toISOString());
  const password = randomBytes(9).toString('base64url');
  const users: User[] = [];
  for (const one of staff) {
    const input = {
      ...one,
      email: mailOf(one.name),
      language: 'de',
      ...(one.role === 'superadmin' ? { password } : {}),
    };
    users.push((await createUser(ctx, input)).user);
  }
  await foundation.registry.refresh();
  return { users, password };
};

const receive = async (at: At, story: Story): Promise<string> => {
  const ctx = at(sourceActor('main', { key: story.source, name: story.source }), story.receivedAt);
  const raw = Buffer.from(JSON.stringify(story.body, null, 1));
  const receipt = await receiveMessage(ctx, {
    source: sourceOf(ctx.snapshot, story.source),
    channel: story.source === 'webformular' ? 'form' : 'webhook',
    contentType: 'application/json',
    headers: { 'content-type': 'application/json', 'user-agent': 'Demo' },
    raw,
    content: { fields: story.body },
    attachments: [],
    remoteAddress: '192.0.2.10',
    isSpam: false,
  });
  if (!('lead' in receipt) || receipt.lead === null)
    throw new Error(`The demo lead was refused: ${JSON.stringify(receipt)}`);
  return receipt.lead;
};

/** Makes the contact, or links the one that is there already, as a careful colleague would. */
const takeContact = async (ctx: Context, lead: string, kind: 'organization' | 'person'): Promise<void> => {
  try {
    await createContact(ctx, { lead, kind });
  } catch (error) {
    const matches =
      error instanceof LeitwerkError ? (error.facts['matches'] as readonly { id: string }[] | undefined) : undefined;
    const [first] = matches ?? [];
    if (first === undefined) throw error;
    await linkContacts(ctx, { id: lead, [kind]: first.id });
  }
};

/** Does with one lead what its story says, each act at its time by its person. */
const tell = async (at: At, users: readonly User[], story: Story): Promise<void> => {
  const id = await receive(at, story);
  for (const act of story.acts) {
    const user = users[act.by];
    if (user === undefined) continue;
    const ctx = at(userActor(user), act.at);
    const leads = modelOf(ctx, 'lead');
    switch (act.kind) {
      case 'assign':
        await assignRecord(ctx, leads, { id, owner: user.id });
        break;
      case 'move':
        await moveStage(ctx, leads, { id, stage: act.stage });
        break;
      case 'note':
        await addNote(ctx, leads, { id, text: act.text, noteType: 'telefonnotiz' });
        break;
      case 'call': {
        const input = {
          title: 'Erstgespräch',
          type: 'anruf',
          lead: id,
          owner: user.id,
          dueAt: act.at,
          durationMinutes: 15,
        };
        const made = await createRecord(ctx, modelOf(ctx, 'activity'), input);
        await completeActivity(ctx, { id: String(made.record['id']), result: act.text });
        break;
      }
      case 'contact':
        await takeContact(ctx, id, act.of);
        break;
      case 'convert':
        await convertLead(ctx, { id, kind: act.of });
        break;
      case 'archive':
        await archiveLead(ctx, { id, reason: act.reason });
        break;
    }
  }
};

const makeViews = async (at: At, now: Date): Promise<void> => {
  const ctx = at(systemActor('main'), now.toISOString());
  const views = [
    { name: 'Hohes Budget', filter: 'state = "open" and budget >= 50000', sort: '-budget' },
    { name: 'Diese Woche', filter: 'state = "open" and createdAt >= heute-7', sort: '-createdAt' },
  ];
  for (const [position, view] of views.entries()) {
    await createRecord(ctx, modelOf(ctx, 'saved-view'), {
      ...view,
      entity: 'lead',
      isShared: true,
      position: position + 10,
    });
  }
};

export interface Demo {
  readonly email: string;
  readonly password: string;
  readonly leads: number;
}

/** Fills an empty system with an invented company: people, and hundreds of leads with their history over the last weeks. */
export async function fillDemo(foundation: Foundation, now: Date): Promise<Demo> {
  const at = contextMaker(foundation);
  const { users, password } = await hire(foundation, at, now);
  const stories = createStories(now);
  for (let start = 0; start < stories.length; start += atOnce) {
    await Promise.all(stories.slice(start, start + atOnce).map(async (story) => await tell(at, users, story)));
  }
  await makeViews(at, now);
  return { email: mailOf(staff[0].name), password, leads: stories.length };
}
