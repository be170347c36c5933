import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Actor } from '../../core/actor.ts';
import { shippedEntities, toEntityModel, type EntityModel, type EntitySchema } from '../../core/entity.ts';
import { formatFilter } from '../../core/filter/index.ts';
import {
  createAbility,
  narrow,
  noAbility,
  roleIssues,
  type Ability,
  type Role,
  type Rule,
} from '../../core/permissions.ts';
import { filterModel } from '../support/filter-model.ts';

const root = join(import.meta.dirname, '../..');

const readModel = (entity: string): [string, EntityModel] => {
  const schema = JSON.parse(readFileSync(join(root, `schemas/entities/${entity}.json`), 'utf8')) as EntitySchema;
  return [entity, toEntityModel(schema, 1)];
};

const models = new Map<string, EntityModel>([...[...shippedEntities].map(readModel), [filterModel.name, filterModel]]);
const options = { models, now: new Date('2024-03-15T10:00:00Z') };

const buildActor = (changes: Partial<Actor> = {}): Actor => ({
  kind: 'user',
  id: 'u1',
  name: 'Uta',
  tenantId: 'main',
  role: 'test',
  team: 'nord',
  language: 'de',
  ...changes,
});

const buildRole = (can: readonly Rule[], more: Partial<Role> = {}): Role => ({
  key: 'test',
  label: { de: 'Test', en: 'Test' },
  can,
  ...more,
});

const abilityOf = (can: readonly Rule[], actor: Partial<Actor> = {}): Ability =>
  createAbility(buildRole(can), buildActor(actor), options);

const shippedRole = (key: string): Role => parse(readFileSync(join(root, `config/roles/${key}.yaml`), 'utf8')) as Role;

describe('rules', () => {
  test('what no rule allows is refused', () => {
    const ability = abilityOf([{ do: ['read'], on: 'lead' }]);
    expect(ability.can('read', 'lead')).toBe(true);
    expect(ability.can('update', 'lead')).toBe(false);
    expect(ability.can('convert', 'lead')).toBe(false);
    expect(ability.can('read', 'person')).toBe(false);
    expect(ability.rowFilter('read', 'person')).toBe('none');
    expect(ability.canOn('update', 'lead', {})).toBe(false);
    expect(ability.may('config')).toBe(false);
  });

  test('an entity or field that does not exist is refused to everyone', () => {
    const ability = createAbility(shippedRole('superadmin'), buildActor(), options);
    expect(ability.can('read', 'unicorn')).toBe(false);
    expect(ability.isReadable('lead', 'constructor')).toBe(false);
    expect(ability.isReadable('lead', 'tenantId')).toBe(false);
    expect(noAbility.can('read', 'lead')).toBe(false);
  });

  test('rules add up, and one without a condition gives every record', () => {
    const own: Rule = { do: ['read'], on: 'lead', where: 'owner = me' };
    const team: Rule = { do: ['*'], on: '*', where: 'team = team' };
    const filter = abilityOf([own, team]).rowFilter('read', 'lead');
    expect(typeof filter === 'object' && filter.is !== 'linked' && formatFilter(filter)).toBe(
      'owner = "u1" or team = "nord"',
    );
    expect(abilityOf([own, { do: ['read'], on: 'lead' }]).rowFilter('read', 'lead')).toBeUndefined();
  });

  test('a record is judged by the rule of the verb', () => {
    const ability = abilityOf([
      { do: ['read'], on: 'lead' },
      { do: ['update'], on: 'lead', where: 'owner = me or owner is empty' },
    ]);
    expect(ability.canOn('read', 'lead', { owner: 'u2' })).toBe(true);
    expect(ability.canOn('update', 'lead', { owner: 'u2' })).toBe(false);
    expect(ability.canOn('update', 'lead', { owner: 'u1' })).toBe(true);
    expect(ability.canOn('update', 'lead', { owner: null })).toBe(true);
  });

  test('without a team, "team = team" gives nothing, not the records without a team', () => {
    const { team: _team, ...actor } = buildActor();
    const ability = createAbility(buildRole([{ do: ['read'], on: 'lead', where: 'team = team' }]), actor, options);
    expect(ability.canOn('read', 'lead', { team: null })).toBe(false);
    expect(ability.canOn('read', 'lead', { team: 'nord' })).toBe(false);
  });

  test('"me" in a field that names an actor is the name that events use', () => {
    const ability = abilityOf([{ do: ['update'], on: 'lead', where: 'createdBy = me' }]);
    expect(ability.canOn('update', 'lead', { createdBy: 'user/u1' })).toBe(true);
    expect(ability.canOn('update', 'lead', { createdBy: 'user/u2' })).toBe(false);
  });

  test('a rule whose filter cannot be read grants nothing, and the check of the role says why', () => {
    const rules: Rule[] = [{ do: ['read'], on: 'lead', where: 'colour = "red"' }];
    expect(abilityOf(rules).can('read', 'lead')).toBe(false);
    expect(roleIssues(buildRole(rules), options)).toMatchObject([{ path: '/can/0/where', code: 'filter' }]);
  });

  test('the check of a role names entities and fields that do not exist', () => {
    const rules: Rule[] = [
      { do: ['read'], on: 'unicorn' },
      { do: ['read'], on: 'lead', fields: { hide: ['email', 'horn'], readOnly: ['hoof'] } },
    ];
    expect(roleIssues(buildRole(rules), options).map(({ path }) => path)).toEqual([
      '/can/0/on',
      '/can/1/fields/hide/1',
      '/can/1/fields/readOnly/0',
    ]);
  });

  test('records that only the system makes are not written by anyone', () => {
    const ability = createAbility(shippedRole('superadmin'), buildActor(), options);
    const readOnly = [...models.values()].filter((model) => model.isReadOnly);
    for (const { name } of readOnly) {
      for (const verb of ['create', 'update', 'delete']) expect(ability.can(verb, name)).toBe(false);
      expect(ability.can('read', name)).toBe(true);
    }
  });
});

describe('fields', () => {
  test('a hidden field is neither readable nor writable, a read-only one readable', () => {
    const ability = abilityOf([
      { do: ['read', 'update'], on: 'lead', fields: { hide: ['budget'], readOnly: ['email'] } },
    ]);
    expect(ability.isReadable('lead', 'budget')).toBe(false);
    expect(ability.isWritable('lead', 'budget')).toBe(false);
    expect(ability.isReadable('lead', 'email')).toBe(true);
    expect(ability.isWritable('lead', 'email')).toBe(false);
    expect(ability.isWritable('lead', 'phone')).toBe(true);
  });

  test('a field shown on own records only is not readable in general', () => {
    const ability = abilityOf([
      { do: ['read'], on: 'lead', fields: { hide: ['budget'] } },
      { do: ['read'], on: 'lead', where: 'owner = me' },
    ]);
    expect(ability.isReadable('lead', 'budget')).toBe(false);
    expect(ability.isReadable('lead', 'budget', { owner: 'u1' })).toBe(true);
    expect(ability.isReadable('lead', 'budget', { owner: 'u2' })).toBe(false);
  });

  test('fields of the system are never writable', () => {
    const ability = createAbility(shippedRole('superadmin'), buildActor(), options);
    expect(ability.isWritable('lead', 'createdAt')).toBe(false);
    expect(ability.isWritable('lead', 'qualifiedAt')).toBe(false);
    expect(ability.isWritable('lead', 'title')).toBe(true);
  });

  test('a field that its schema keeps for other roles is closed', () => {
    const [, lead] = readModel('lead');
    const schema: EntitySchema = {
      ...lead.schema,
      properties: {
        ...lead.schema.properties,
        margin: { type: 'number', 'x-read': ['boss'] },
        rank: { type: 'string', 'x-write': ['boss'] },
      },
    };
    const own = { ...options, models: new Map([['lead', toEntityModel(schema, 2)]]) };
    const rules: Rule[] = [{ do: ['*'], on: '*' }];
    const sales = createAbility(buildRole(rules), buildActor(), own);
    expect([sales.isReadable('lead', 'margin'), sales.isWritable('lead', 'margin')]).toEqual([false, false]);
    expect([sales.isReadable('lead', 'rank'), sales.isWritable('lead', 'rank')]).toEqual([true, false]);
    const boss = createAbility(buildRole(rules, { key: 'boss' }), buildActor(), own);
    expect([boss.isReadable('lead', 'margin'), boss.isWritable('lead', 'rank')]).toEqual([true, true]);
  });
});

describe('scopes of an API key', () => {
  const all = createAbility(shippedRole('superadmin'), buildActor({ kind: 'key' }), options);

  test('leave only what they name', () => {
    const key = narrow(all, ['leads:read']);
    expect(key.can('read', 'lead')).toBe(true);
    expect(key.can('update', 'lead')).toBe(false);
    expect(key.can('convert', 'lead')).toBe(false);
    expect(key.can('read', 'person')).toBe(false);
    expect(key.rowFilter('read', 'person')).toBe('none');
    expect(key.isReadable('lead', 'email')).toBe(true);
    expect(key.isWritable('lead', 'email')).toBe(false);
    expect(key.isReadable('person', 'email')).toBe(false);
    expect(key.may('config')).toBe(false);
  });

  test('writing covers every act but not reading', () => {
    const key = narrow(all, ['leads:write']);
    expect(key.can('create', 'lead')).toBe(true);
    expect(key.can('convert', 'lead')).toBe(true);
    expect(key.isWritable('lead', 'email')).toBe(true);
    expect(key.can('read', 'lead')).toBe(false);
  });

  test('reading an area is less than changing it', () => {
    const key = narrow(all, ['config:read', '*:read']);
    expect(key.may('config', 'read')).toBe(true);
    expect(key.may('config')).toBe(false);
    expect(key.may('users', 'read')).toBe(true);
    expect(narrow(all, ['*']).may('users')).toBe(true);
    expect(narrow(all, []).can('read', 'lead')).toBe(false);
  });

  test('never add a right that the role does not have', () => {
    const viewer = createAbility(shippedRole('viewer'), buildActor({ kind: 'key' }), options);
    expect(narrow(viewer, ['*']).can('update', 'lead')).toBe(false);
    expect(narrow(viewer, ['*']).may('config')).toBe(false);
  });
});

describe('shipped roles', () => {
  test.each(['superadmin', 'organization-manager', 'sales-manager', 'sales', 'viewer'])(
    '%s is without faults',
    (key) => {
      expect(roleIssues(shippedRole(key), options)).toEqual([]);
    },
  );

  test('sales works own, team and unassigned leads only', () => {
    const sales = createAbility(shippedRole('sales'), buildActor(), options);
    expect(sales.canOn('convert', 'lead', { owner: 'u1', team: null })).toBe(true);
    expect(sales.canOn('convert', 'lead', { owner: 'u2', team: 'NORD' })).toBe(true);
    expect(sales.canOn('read', 'lead', { owner: null, team: 'süd' })).toBe(true);
    expect(sales.canOn('read', 'lead', { owner: 'u2', team: 'süd' })).toBe(false);
    expect(sales.isReadable('intake-message', 'headers')).toBe(false);
    expect(sales.can('delete', 'lead')).toBe(false);
  });

  test('the organization manager neither operates nor makes keys', () => {
    const manager = createAbility(shippedRole('organization-manager'), buildActor(), options);
    expect(['config', 'users', 'audit', 'operate', 'keys'].map((area) => manager.may(area))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
