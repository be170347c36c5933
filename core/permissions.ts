import { actorName, type Actor } from './actor.ts';
import type { EntityModel } from './entity.ts';
import { LeitwerkError, type Issue, type Text } from './errors.ts';
import { anyOf, everything, matches, parseFilter, type Filter } from './filter/index.ts';
import { ownerLinks } from './links.ts';

/** `read`, `create`, `update`, `delete` or the name of an act (`convert`). */
export type Verb = string;

/** One thing that a role allows. Rules add up; what no rule allows is refused. */
export interface Rule {
  /** Verbs, or `*` for all. */
  readonly do: readonly Verb[];
  /** Entity, or `*` for all. */
  readonly on: string;
  /** Filter that the record must match; `me` and `team` are those of the actor. */
  readonly where?: string;
  readonly fields?: {
    /** Fields that this rule does not show. */
    readonly hide?: readonly string[];
    /** Fields that this rule shows but does not let write. */
    readonly readOnly?: readonly string[];
  };
}

/** Config kind `roles`. */
export interface Role {
  readonly key: string;
  readonly label: Text;
  readonly can: readonly Rule[];
  /** Areas of the administration (`config`, `users`, `keys`, `operate`, `audit`), or `*`. */
  readonly may?: readonly string[];
}

type RecordLike = Readonly<Record<string, unknown>>;

/** A link to an owner, with the owners that the actor may read: undefined = all, `none` = none. */
export interface OwnerRows {
  readonly field: string;
  readonly owner: EntityModel;
  readonly rows: RowFilter | undefined | 'none';
}

/**
 * Rows of an entity whose records belong to others: those that match `own` and are the actor's by name or have an owner that the actor may read.
 * The first group that has a link set decides; a record without owners is judged by itself.
 */
export interface LinkedRows {
  readonly is: 'linked';
  readonly own: Filter;
  readonly byName: Filter | undefined;
  readonly owners: readonly (readonly OwnerRows[])[];
}

export type RowFilter = Filter | LinkedRows;

/** What one actor may do. Every answer for what is unknown is no. */
export interface Ability {
  /** Whether the verb is allowed on any record of the entity at all. */
  can(verb: Verb, entity: string): boolean;
  /** Which records: undefined = all of the tenant, `none` = none. */
  rowFilter(verb: Verb, entity: string): RowFilter | undefined | 'none';
  /** Whether the verb is allowed on this record, given as the API shows it, as far as it can tell itself: its owners are told by `rowFilter`. */
  canOn(verb: Verb, entity: string, record: RecordLike): boolean;
  /** With a record: whether a rule shows this field of this record. Without: whether it is shown on every record that may be read. */
  isReadable(entity: string, field: string, record?: RecordLike): boolean;
  /** The same for writing by create or update. Fields of the system are never writable. */
  isWritable(entity: string, field: string, record?: RecordLike): boolean;
  /** Areas of the administration; reading an area needs less than changing it where an API key is narrowed so. */
  may(area: string, access?: 'read' | 'write'): boolean;
  readonly models: ReadonlyMap<string, EntityModel>;
}

export interface AbilityOptions {
  readonly models: ReadonlyMap<string, EntityModel>;
  /** What `heute` in a rule's filter goes by. */
  readonly now: Date;
  readonly timeZone?: string | undefined;
}

const names = (list: readonly string[], name: string): boolean => list.includes('*') || list.includes(name);

const changes = new Set<Verb>(['create', 'update', 'delete']);

/** A rule as it applies to one entity: `rows` undefined = every record. */
interface Grant {
  readonly rule: Rule;
  readonly rows: Filter | undefined;
}

const isShown = ({ fields }: Rule, field: string): boolean => !(fields?.hide ?? []).includes(field);

const isOpen = (rule: Rule, field: string): boolean =>
  isShown(rule, field) && !(rule.fields?.readOnly ?? []).includes(field);

const allows = ({ rows }: Grant, record: RecordLike | undefined): boolean =>
  rows === undefined || record === undefined || matches(rows, record);

/** With a record one rule is enough; without one every rule must agree, so that no record is shown too much. */
const agree = (grants: readonly Grant[], record: RecordLike | undefined, test: (rule: Rule) => boolean): boolean => {
  if (record !== undefined) return grants.some((grant) => allows(grant, record) && test(grant.rule));
  return grants.length > 0 && grants.every(({ rule }) => test(rule));
};

/** A rule whose filter cannot be read grants nothing; `roleIssues` tells why. */
const rowsOf = (rule: Rule, model: EntityModel, read: (text: string) => Filter): Filter | undefined | 'none' => {
  if (rule.where === undefined) return undefined;
  try {
    const rows = read(rule.where);
    return rows === everything ? undefined : rows;
  } catch (error) {
    if (error instanceof LeitwerkError && error.code === 'InvalidFilter') return 'none';
    throw error;
  }
};

/**
 * What the actor may do with this role. Filters of the rules are read at first use, so an ability is cheap to make.
 * API keys are to be narrowed to their scopes with `narrow`.
 */
export function createAbility(role: Role, actor: Actor, { models, now, timeZone }: AbilityOptions): Ability {
  const isUnlimited = (role.may ?? []).includes('*');
  const options = { now, timeZone, me: actor.id, actor: actorName(actor), team: actor.team };
  const kept = new Map<string, readonly Grant[]>();

  const findGrants = (verb: Verb, entity: string): readonly Grant[] => {
    const model = models.get(entity);
    if (model === undefined || (model.isReadOnly && changes.has(verb))) return [];
    const grants: Grant[] = [];
    for (const rule of role.can) {
      if (!names(rule.do, verb) || (rule.on !== '*' && rule.on !== entity)) continue;
      const rows = rowsOf(rule, model, (text) => parseFilter(text, model, options));
      if (rows !== 'none') grants.push({ rule, rows });
    }
    return grants;
  };
  const grantsOf = (verb: Verb, entity: string): readonly Grant[] => {
    const key = `${verb} ${entity}`;
    const grants = kept.get(key) ?? findGrants(verb, entity);
    kept.set(key, grants);
    return grants;
  };
  const ownRows = (verb: Verb, entity: string): Filter | undefined | 'none' => {
    const grants = grantsOf(verb, entity);
    if (grants.length === 0) return 'none';
    const rows = grants.flatMap((grant) => (grant.rows === undefined ? [] : [grant.rows]));
    return rows.length < grants.length ? undefined : anyOf(rows);
  };
  const keptRows = new Map<string, RowFilter | undefined | 'none'>();
  const rowFilter = (verb: Verb, entity: string): RowFilter | undefined | 'none' => {
    const key = `${verb} ${entity}`;
    if (!keptRows.has(key)) keptRows.set(key, findRows(verb, entity));
    return keptRows.get(key);
  };
  const findRows = (verb: Verb, entity: string): RowFilter | undefined | 'none' => {
    const own = ownRows(verb, entity);
    const model = models.get(entity);
    if (own === 'none' || model === undefined || verb !== 'read') return own;
    const groups = ownerLinks(model, models).map((links) =>
      links.flatMap(({ name, target }): OwnerRows[] => {
        const owner = models.get(target);
        return owner === undefined ? [] : [{ field: name, owner, rows: rowFilter('read', target) }];
      }),
    );
    const last = groups.findLastIndex((group) => group.some(({ rows }) => rows !== undefined));
    if (last < 0) return own;
    const byName = model.fields.get('owner')?.target === 'user' ? parseFilter('owner = me', model, options) : undefined;
    return { is: 'linked', own: own ?? everything, byName, owners: groups.slice(0, last + 1) };
  };
  const hasRole = (roles: readonly string[] | undefined): boolean =>
    isUnlimited || roles === undefined || roles.includes(role.key);

  return {
    models,
    can: (verb, entity) => grantsOf(verb, entity).length > 0,
    canOn: (verb, entity, record) => grantsOf(verb, entity).some((grant) => allows(grant, record)),
    rowFilter,
    isReadable: (entity, name, record) => {
      const field = models.get(entity)?.fields.get(name);
      if (field === undefined || field.isHidden || !hasRole(field.readRoles)) return false;
      return agree(grantsOf('read', entity), record, (rule) => isShown(rule, name));
    },
    isWritable: (entity, name, record) => {
      const field = models.get(entity)?.fields.get(name);
      if (field === undefined || field.isHidden || field.isSystem) return false;
      if (!hasRole(field.readRoles) || !hasRole(field.writeRoles)) return false;
      const grants = [...grantsOf('create', entity), ...grantsOf('update', entity)];
      return agree(grants, record, (rule) => isOpen(rule, name));
    },
    may: (area) => names(role.may ?? [], area),
  };
}

/** May do nothing at all: no role, or one that is gone. */
export const noAbility: Ability = {
  models: new Map(),
  can: () => false,
  rowFilter: () => 'none',
  canOn: () => false,
  isReadable: () => false,
  isWritable: () => false,
  may: () => false,
};

/** Areas of the administration that a role may open. */
export const areas = ['config', 'users', 'keys', 'operate', 'audit'] as const;

/** Whether a scope can grant anything: it names an entity by its plural or an area, and what of it. */
export const isScope = (scope: string, plurals: ReadonlyMap<string, unknown>): boolean => {
  const [on = '', what = ''] = scope.split(':');
  const isKnown = on === '*' || plurals.has(on) || (areas as readonly string[]).includes(on);
  return scope === '*' || (isKnown && ['read', 'write', '*'].includes(what));
};

const grantsScope = (scopes: readonly string[], resource: string, access: 'read' | 'write'): boolean =>
  scopes.some((scope) => {
    if (scope === '*') return true;
    const [on, what] = scope.split(':');
    return (on === resource || on === '*') && (what === access || what === '*');
  });

/** The scope that a key needs for it and does not have; undefined where its scopes are not what is missing. */
export const missingScope = (
  scopes: readonly string[] | undefined,
  resource: string,
  access: 'read' | 'write',
): string | undefined =>
  scopes === undefined || grantsScope(scopes, resource, access) ? undefined : `${resource}:${access}`;

/**
 * Leaves of an ability what the scopes of an API key name: `leads:read`, `leads:write` (every verb but read), `config:read`,
 * `*:read`, `leads:*`, `*`. Entities are named by their plural. Scopes never add a right.
 */
export function narrow(ability: Ability, scopes: readonly string[]): Ability {
  const isIn = (verb: Verb, entity: string): boolean => {
    const plural = ability.models.get(entity)?.plural;
    return plural !== undefined && grantsScope(scopes, plural, verb === 'read' ? 'read' : 'write');
  };
  return {
    models: ability.models,
    can: (verb, entity) => isIn(verb, entity) && ability.can(verb, entity),
    rowFilter: (verb, entity) => (isIn(verb, entity) ? ability.rowFilter(verb, entity) : 'none'),
    canOn: (verb, entity, record) => isIn(verb, entity) && ability.canOn(verb, entity, record),
    // A key that may only write still has to know the fields that it writes.
    isReadable: (entity, field, record) =>
      (isIn('read', entity) || isIn('update', entity)) && ability.isReadable(entity, field, record),
    isWritable: (entity, field, record) => isIn('update', entity) && ability.isWritable(entity, field, record),
    may: (area, access = 'write') => grantsScope(scopes, area, access) && ability.may(area, access),
  };
}

const knownFieldIssues = (rule: Rule, model: EntityModel, path: string): Issue[] =>
  (['hide', 'readOnly'] as const).flatMap((list) =>
    (rule.fields?.[list] ?? []).flatMap((name, position) =>
      model.fields.has(name)
        ? []
        : [
            {
              path: `${path}/fields/${list}/${position}`,
              code: 'unknown',
              message: `"${name}" is not a field of ${model.name}.`,
            },
          ],
    ),
  );

/** Rules on all entities must be readable for each of them: `where` may name the fields only that every record has. */
const ruleIssues = (rule: Rule, path: string, options: AbilityOptions): Issue[] => {
  const model = options.models.get(rule.on);
  if (rule.on !== '*' && model === undefined)
    return [{ path: `${path}/on`, code: 'unknown', message: `There is no entity "${rule.on}".` }];
  const issues = model === undefined ? [] : knownFieldIssues(rule, model, path);
  const { where } = rule;
  if (where === undefined) return issues;
  for (const checked of model === undefined ? options.models.values() : [model]) {
    try {
      parseFilter(where, checked, { now: options.now, timeZone: options.timeZone });
    } catch (error) {
      if (!(error instanceof LeitwerkError)) throw error;
      issues.push({ path: `${path}/where`, code: 'filter', message: error.message });
      break;
    }
  }
  return issues;
};

/** What is wrong with a role beyond its schema: entities, fields and filters that do not exist. Paths are JSON pointers. */
export const roleIssues = (role: Role, options: AbilityOptions): Issue[] =>
  role.can.flatMap((rule, position) => ruleIssues(rule, `/can/${position}`, options));
