import { Select, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';
import { fieldKinds, type EntityDraft, type FieldDraft } from './new-field.ts';

const emptyField: FieldDraft = {
  key: '',
  labelDe: '',
  labelEn: '',
  kind: 'text',
  section: 'main',
  target: 'organization',
  values: '',
  maxLength: '',
  isRequired: false,
  isListed: false,
  isSearchable: false,
};

const sections = ['main', 'contact', 'address', 'inbox', 'links'];

/** "Anzahl Standorte" → "anzahlStandorte". */
const toFieldKey = (label: string): string => {
  const words = label
    .replaceAll(/[äÄ]/g, 'ae')
    .replaceAll(/[öÖ]/g, 'oe')
    .replaceAll(/[üÜ]/g, 'ue')
    .replaceAll('ß', 'ss')
    .split(/[^a-zA-Z0-9]+/)
    .filter((word) => word !== '');
  return words
    .map((word, index) =>
      index === 0 ? word.toLowerCase() : word.charAt(0).toUpperCase() + word.slice(1).toLowerCase(),
    )
    .join('');
};

interface FieldDialogProps {
  /** The field to change; a new one when absent. */
  readonly known?: FieldDraft | undefined;
  readonly entities: readonly { readonly value: string; readonly label: string }[];
  readonly onClose: () => void;
  readonly onSave: (draft: FieldDraft) => Promise<void>;
}

/** Asks what a field is. Name and type of one that is there stay: its column has them. */
export function FieldDialog({ known, entities, onClose, onSave }: FieldDialogProps) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(known ?? emptyField);
  const isNew = known === undefined;
  const set = (change: Partial<FieldDraft>): void => setDraft((before) => ({ ...before, ...change }));
  const key = draft.key === '' ? toFieldKey(draft.labelDe) : draft.key;
  const form = useForm(async () => {
    await onSave({ ...draft, key });
    onClose();
  });
  return (
    <FormDialog
      title={isNew ? t('fields.add') : t('fields.change', { name: known.labelDe })}
      form={form}
      submitLabel={t(isNew ? 'common.add' : 'common.save')}
      onClose={onClose}
    >
      <TextInput
        data-autofocus
        required
        label={t('fields.labelDe')}
        value={draft.labelDe}
        onChange={(event) => set({ labelDe: event.currentTarget.value })}
      />
      <TextInput
        label={t('fields.labelEn')}
        value={draft.labelEn}
        onChange={(event) => set({ labelEn: event.currentTarget.value })}
      />
      <TextInput
        required={isNew}
        label={t('fields.key')}
        description={isNew ? t('fields.keyHint') : t('fields.keyStays')}
        disabled={!isNew}
        pattern="[a-z][a-zA-Z0-9]*"
        value={key}
        onChange={(event) => set({ key: event.currentTarget.value })}
      />
      <Select
        label={t('fields.kind')}
        allowDeselect={false}
        disabled={!isNew}
        data={(isNew ? fieldKinds : [draft.kind]).map((value) => ({ value, label: t(`fields.kinds.${value}`) }))}
        value={draft.kind}
        onChange={(kind) => set({ kind: kind ?? 'text' })}
      />
      {(draft.kind === 'text' || draft.kind === 'longText') && (
        <TextInput
          type="number"
          min={1}
          max={20_000}
          label={t('fields.maxLength')}
          value={draft.maxLength}
          onChange={(event) => set({ maxLength: event.currentTarget.value })}
        />
      )}
      {draft.kind === 'choice' && (isNew || known.values !== '') && (
        <TextInput
          required
          label={t('fields.values')}
          value={draft.values}
          onChange={(event) => set({ values: event.currentTarget.value })}
        />
      )}
      {isNew && draft.kind === 'reference' && (
        <Select
          label={t('fields.target')}
          allowDeselect={false}
          data={[...entities]}
          value={draft.target}
          onChange={(target) => set({ target: target ?? 'organization' })}
        />
      )}
      <Select
        label={t('fields.section')}
        allowDeselect={false}
        data={[...new Set([...sections, draft.section])].map((value) => ({
          value,
          label: t(`section.${value}`, { defaultValue: value }),
        }))}
        value={draft.section}
        onChange={(section) => set({ section: section ?? 'main' })}
      />
      <Switch
        label={t('fields.isRequired')}
        checked={draft.isRequired}
        onChange={(event) => set({ isRequired: event.currentTarget.checked })}
      />
      <Switch
        label={t('fields.isList')}
        checked={draft.isListed}
        onChange={(event) => set({ isListed: event.currentTarget.checked })}
      />
      <Switch
        label={t('fields.isSearchable')}
        checked={draft.isSearchable}
        onChange={(event) => set({ isSearchable: event.currentTarget.checked })}
      />
    </FormDialog>
  );
}

const emptyEntity: EntityDraft = { key: '', plural: '', labelDe: '', labelEn: '', pluralDe: '', pluralEn: '' };

interface EntityDialogProps {
  readonly onClose: () => void;
  readonly onSave: (draft: EntityDraft) => Promise<void>;
}

export function EntityDialog({ onClose, onSave }: EntityDialogProps) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(emptyEntity);
  const form = useForm(async () => {
    await onSave(draft);
    onClose();
  });
  const inputs = [
    ['labelDe', 'fields.labelDe', undefined],
    ['labelEn', 'fields.labelEn', undefined],
    ['pluralDe', 'fields.pluralLabelDe', undefined],
    ['pluralEn', 'fields.pluralLabelEn', undefined],
    ['key', 'fields.entityKey', '[a-z][a-z0-9\\-]*'],
    ['plural', 'fields.plural', '[a-z][a-z0-9\\-]*'],
  ] as const;
  return (
    <FormDialog title={t('fields.addEntity')} form={form} submitLabel={t('common.add')} onClose={onClose}>
      {inputs.map(([name, label, pattern], index) => (
        <TextInput
          key={name}
          required
          data-autofocus={index === 0 ? true : undefined}
          label={t(label)}
          pattern={pattern}
          value={draft[name]}
          onChange={(event) => {
            const { value } = event.currentTarget;
            setDraft((known) => ({ ...known, [name]: value }));
          }}
        />
      ))}
    </FormDialog>
  );
}
