import type { TFunction } from 'i18next';
import { areas } from '../../../core/permissions.ts';
import { inLanguage } from '../../i18n/index.ts';
import type { Entities } from '../../model/entities.ts';

interface ScopeGroup {
  readonly group: string;
  readonly items: { readonly value: string; readonly label: string }[];
}

/** The scopes that a key can have, with what they mean: everything, records of every kind, areas of the administration. */
export function scopeChoices(entities: Entities, t: TFunction): ScopeGroup[] {
  const item = (value: string, meaning: string): ScopeGroup['items'][number] => ({
    value,
    label: `${meaning} (${value})`,
  });
  const both = (on: string, what: string): ScopeGroup['items'] => [
    item(`${on}:read`, t('keys.scope.read', { what })),
    // Nobody writes the log.
    ...(on === 'audit' ? [] : [item(`${on}:write`, t('keys.scope.write', { what }))]),
  ];
  return [
    { group: t('keys.scope.all'), items: [item('*', t('keys.scope.any')), ...both('*', t('keys.scope.everything'))] },
    {
      group: t('keys.scope.records'),
      items: [...entities.byPlural].flatMap(([plural, model]) => both(plural, inLanguage(model.pluralLabel))),
    },
    { group: t('keys.scope.areas'), items: areas.flatMap((area) => both(area, t(`keys.scope.area.${area}`))) },
  ];
}
