import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { recordQuery, relatedQuery, useEntities } from '../../api/queries.ts';
import { titleOf } from '../../model/entities.ts';
import type { FieldInputProps } from './field-input.tsx';

/** Records of an entity that fit what was typed, and the one that is chosen now, by id. */
function useOptions(target: string | undefined, id: string, text: string): ReadonlyMap<string, string> | undefined {
  const model = useEntities().byName.get(target ?? '');
  const [query] = useDebouncedValue(text, 150);
  const plural = model?.plural ?? '';
  const known = useQuery({ ...recordQuery(plural, id), enabled: plural !== '' && id !== '' });
  const found = useQuery({
    ...relatedQuery({ plural, limit: 20, ...(query === '' ? { sort: '-createdAt' } : { q: query }) }),
    enabled: plural !== '',
    placeholderData: keepPreviousData,
  });
  if (model === undefined) return undefined;
  const records = [...(found.data?.data ?? []), ...(known.data === undefined ? [] : [known.data.data])];
  return new Map(records.map((record) => [record.id, titleOf(model, record)]));
}

/** Finds a record of the referenced entity while the person types. */
export function ReferenceInput({
  field,
  value,
  label,
  ariaLabel,
  error,
  autoFocus,
  onKeyDown,
  onChange,
  onChosen,
}: FieldInputProps) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const id = typeof value === 'string' ? value : '';
  const options = useOptions(field.target, id, text);
  if (options === undefined) return undefined;
  return (
    <Select
      size="xs"
      label={label}
      aria-label={label === undefined ? ariaLabel : undefined}
      error={error}
      autoFocus={autoFocus}
      onKeyDown={onKeyDown}
      data={[...options].map(([key, name]) => ({ value: key, label: name }))}
      value={id === '' ? null : id}
      searchable
      clearable={!field.isRequired}
      filter={({ options: all }) => all}
      onSearchChange={setText}
      placeholder={t('field.typeToSearch')}
      nothingFoundMessage={t('common.noMatches')}
      onChange={(next) => {
        onChange(next);
        onChosen?.(next);
      }}
    />
  );
}
