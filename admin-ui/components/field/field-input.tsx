import { MultiSelect, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useState, type ComponentType, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Field, FieldKind } from '../../../core/entity.ts';
import { readNumeric } from '../../../core/field-value.ts';
import type { Choice } from '../../api/choices.ts';
import { currentLanguage } from '../../i18n/index.ts';
import { fromLocalInput, toEditable, toLocalInput } from '../../model/format.ts';
import { ReferenceInput } from './reference-input.tsx';

export interface FieldInputProps {
  readonly field: Field;
  readonly value: unknown;
  readonly choices: readonly Choice[];
  readonly onChange: (value: unknown) => void;
  /** Called by inputs whose choice is a whole decision (select, switch): nothing more to type. */
  readonly onChosen?: (value: unknown) => void;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
  readonly label?: string;
  readonly ariaLabel?: string;
  readonly error?: string | undefined;
  readonly autoFocus?: boolean;
}

const textOr = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
const listOr = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const nullIfEmpty = (text: string): string | null => (text === '' ? null : text);

const commonProps = ({ label, ariaLabel, error, autoFocus, onKeyDown, field }: FieldInputProps) => ({
  label,
  'aria-label': label === undefined ? ariaLabel : undefined,
  error,
  'data-autofocus': autoFocus,
  autoFocus,
  onKeyDown,
  required: label !== undefined && field.isRequired,
  size: 'xs' as const,
});

const inputTypes: Readonly<Record<string, string>> = { email: 'email', phone: 'tel', uri: 'url' };

function TextField(props: FieldInputProps) {
  const { field, value, onChange } = props;
  return (
    <TextInput
      {...commonProps(props)}
      type={inputTypes[field.format ?? ''] ?? 'text'}
      maxLength={field.maxLength}
      value={textOr(value)}
      onChange={(event) => onChange(nullIfEmpty(event.currentTarget.value))}
    />
  );
}

/** What cannot be read as a number is handed on as it was typed, for the server to refuse with its reason. */
function NumberField(props: FieldInputProps) {
  const { field, value, onChange } = props;
  const isMoney = field.kind === 'money';
  const shown = (one: unknown): string =>
    typeof one === 'number' ? toEditable(one, isMoney, currentLanguage()) : textOr(one);
  const [text, setText] = useState(() => shown(value));
  return (
    <TextInput
      {...commonProps(props)}
      inputMode={field.kind === 'integer' ? 'numeric' : 'decimal'}
      rightSection={isMoney ? '€' : undefined}
      value={text}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        const typed = nullIfEmpty(currentTarget.value.trim());
        onChange(typed === null ? null : (readNumeric(field, typed) ?? typed));
      }}
      onBlur={() => setText(shown(value))}
    />
  );
}

function ChoiceField(props: FieldInputProps) {
  const { field, value, choices, onChange, onChosen } = props;
  const { t } = useTranslation();
  return (
    <Select
      {...commonProps(props)}
      data={choices.map(({ value: key, label }) => ({ value: key, label }))}
      value={textOr(value) === '' ? null : textOr(value)}
      searchable={choices.length > 7}
      clearable={!field.isRequired}
      nothingFoundMessage={t('common.noMatches')}
      placeholder={t('field.choose')}
      comboboxProps={{ withinPortal: true }}
      onChange={(next) => {
        onChange(next);
        onChosen?.(next);
      }}
    />
  );
}

function ListField(props: FieldInputProps) {
  const { value, choices, onChange } = props;
  const data = choices.map(({ value: key, label }) => ({ value: key, label }));
  if (data.length === 0) return <TagsInput {...commonProps(props)} value={listOr(value)} onChange={onChange} />;
  return <MultiSelect {...commonProps(props)} data={data} value={listOr(value)} searchable onChange={onChange} />;
}

function DateField(props: FieldInputProps) {
  const { field, value, onChange } = props;
  const isDate = field.kind === 'date';
  const shown = isDate ? textOr(value) : toLocalInput(textOr(value));
  return (
    <TextInput
      {...commonProps(props)}
      type={isDate ? 'date' : 'datetime-local'}
      value={shown}
      onChange={({ currentTarget }) =>
        onChange(isDate ? nullIfEmpty(currentTarget.value) : fromLocalInput(currentTarget.value))
      }
    />
  );
}

function LongTextField(props: FieldInputProps) {
  const { field, value, onChange } = props;
  return (
    <Textarea
      {...commonProps(props)}
      autosize
      minRows={3}
      maxRows={14}
      maxLength={field.maxLength}
      value={textOr(value)}
      onChange={(event) => onChange(nullIfEmpty(event.currentTarget.value))}
    />
  );
}

function BooleanField(props: FieldInputProps) {
  const { value, onChange, onChosen } = props;
  return (
    <Switch
      {...commonProps(props)}
      size="sm"
      checked={value === true || value === 1}
      onChange={({ currentTarget }) => {
        onChange(currentTarget.checked);
        onChosen?.(currentTarget.checked);
      }}
    />
  );
}

const inputs: Readonly<Record<FieldKind, ComponentType<FieldInputProps>>> = {
  text: TextField,
  longText: LongTextField,
  integer: NumberField,
  decimal: NumberField,
  money: NumberField,
  boolean: BooleanField,
  date: DateField,
  instant: DateField,
  choice: ChoiceField,
  reference: ReferenceInput,
  list: ListField,
  json: TextField,
};

/** The input that fits a field of the schema. Empty means null, so that a field can be cleared. */
export function FieldInput(props: FieldInputProps) {
  const { kind, target } = props.field;
  const Input = target === 'user' ? ChoiceField : inputs[kind];
  return <Input {...props} />;
}
