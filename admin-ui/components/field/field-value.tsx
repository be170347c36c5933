import { Badge, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Field } from '../../../core/entity.ts';
import type { Choice } from '../../api/choices.ts';
import { currentLanguage } from '../../i18n/index.ts';
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
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value);

/** The value of a field as plain words, for toasts, titles and conflicts. */
export function toWords({ field, value, choices, labels }: FieldValueProps): string {
  const language = currentLanguage();
  if (isEmptyValue(value)) return '–';
  const label = (one: unknown): string => choices.find((choice) => choice.value === one)?.label ?? asText(one);
  if (Array.isArray(value)) return value.map(label).join(', ');
  switch (field.kind) {
    case 'money':
      return formatMoney(Number(value), language);
    case 'integer':
    case 'decimal':
      return formatNumber(Number(value), language);
    case 'date':
      return formatDate(asText(value), language);
    case 'instant':
      return formatInstant(asText(value), language);
    case 'boolean':
      return value === true || value === 1 ? (language === 'de' ? 'Ja' : 'Yes') : language === 'de' ? 'Nein' : 'No';
    case 'reference':
      return labels?.[asText(value)] ?? label(value);
    case 'choice':
      return label(value);
    case 'text':
    case 'longText':
    case 'list':
    case 'json':
      return label(value);
  }
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
