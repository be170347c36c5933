import { Badge, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Field, FieldKind } from '../../../core/entity.ts';
import type { Choice } from '../../api/choices.ts';
import { currentLanguage, i18n } from '../../i18n/index.ts';
import { isEmptyValue } from '../../model/entities.ts';
import { formatDate, formatInstant, formatMoney, formatNumber } from '../../model/format.ts';
import { ChoiceDot } from '../choice-dot.tsx';

interface FieldValueProps {
  readonly field: Field;
  readonly value: unknown;
  readonly choices: readonly Choice[];
  /** Names of referenced records by id. */
  readonly labels?: Readonly<Record<string, string>>;
}

const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : JSON.stringify(value);

type Words = (value: unknown, input: FieldValueProps) => string;

const labelOf: Words = (value, { choices }) => choices.find((choice) => choice.value === value)?.label ?? asText(value);
const number: Words = (value) => formatNumber(Number(value), currentLanguage());

const wordsByKind: Readonly<Record<FieldKind, Words>> = {
  money: (value) => formatMoney(Number(value), currentLanguage()),
  integer: number,
  decimal: number,
  date: (value) => formatDate(asText(value), currentLanguage()),
  instant: (value) => formatInstant(asText(value), currentLanguage()),
  boolean: (value) => i18n.t(value === true || value === 1 ? 'common.yes' : 'common.no'),
  reference: (value, input) => input.labels?.[asText(value)] ?? labelOf(value, input),
  choice: labelOf,
  text: labelOf,
  longText: labelOf,
  list: labelOf,
  json: labelOf,
};

/** The value of a field as plain words, for toasts, titles and conflicts. */
export function toWords(input: FieldValueProps): string {
  const { field, value } = input;
  if (isEmptyValue(value)) return '–';
  if (Array.isArray(value)) return value.map((one) => labelOf(one, input)).join(', ');
  return wordsByKind[field.kind](value, input);
}

function Json({ value }: { readonly value: object }) {
  return (
    <dl style={{ margin: 0, display: 'grid', gridTemplateColumns: 'auto 1fr', gap: '2px 12px', fontSize: 13 }}>
      {Object.entries(value).map(([name, one]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt style={{ color: 'var(--mantine-color-dimmed)' }}>{name}</dt>
          <dd style={{ margin: 0, overflowWrap: 'anywhere' }}>{asText(one)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Shows a value the way people of this language write it. */
export function FieldValue({ field, value, choices, labels }: FieldValueProps) {
  const { t } = useTranslation();
  if (isEmptyValue(value)) {
    return (
      <Text component="span" inherit c="dimmed">
        {t('common.none')}
      </Text>
    );
  }
  if (field.kind === 'list' && Array.isArray(value)) {
    const label = (one: unknown): string => choices.find((choice) => choice.value === one)?.label ?? asText(one);
    return value.map((one) => (
      <Badge key={asText(one)} mr={4} color="gray" c="var(--mantine-color-text)">
        {label(one)}
      </Badge>
    ));
  }
  if (field.kind === 'json' && typeof value === 'object' && value !== null) return <Json value={value} />;
  const words = toWords({ field, value, choices, ...(labels === undefined ? {} : { labels }) });
  if (field.kind === 'choice') {
    const color = choices.find((choice) => choice.value === value)?.color;
    return <ChoiceDot label={words} {...(color === undefined ? {} : { color })} />;
  }
  return <span style={field.kind === 'longText' ? { whiteSpace: 'pre-wrap' } : undefined}>{words}</span>;
}
