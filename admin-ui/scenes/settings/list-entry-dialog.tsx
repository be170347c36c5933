import { ColorInput, Select, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toKey } from '../../../core/spelling.ts';
import { putConfig } from '../../api/config.ts';
import type { ConfigItem, ConfigValue } from '../../api/types.ts';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';
import { inLanguage } from '../../i18n/index.ts';
import { emptySheet, SheetFields, sheetPreset, toSheetSource, type SheetDraft } from './sheet-fields.tsx';

interface ListEntryDialogProps {
  readonly kind: string;
  /** The entry to change; a new one when absent. */
  readonly item?: ConfigItem;
  readonly position?: number;
  readonly onClose: () => void;
  readonly onSaved?: () => void;
}

const swatches = ['#1c7ed6', '#0b6166', '#2f9e44', '#f08c00', '#e03131', '#7048e8', '#868e96'];
const authKinds = ['api-key', 'hmac', 'public', 'mail'] as const;

interface Draft {
  readonly de: string;
  readonly en: string;
  readonly color: string;
  /** How a source's messages come in: its authentication, or the preset for sheets. */
  readonly way: string;
  readonly sheet: SheetDraft;
}

const toDraft = (item: ConfigItem | undefined): Draft => ({
  de: item?.value.label?.de ?? '',
  en: item?.value.label?.en ?? '',
  color: item?.value.color ?? swatches[0] ?? '',
  way: 'api-key',
  sheet: emptySheet,
});

const wayOf = ({ way, sheet }: Draft): Omit<ConfigValue, 'label'> =>
  way === sheetPreset ? toSheetSource(sheet) : { auth: way };

/** The value to publish: what was there, with what the form changes. */
const toValue = (
  draft: Draft,
  key: string,
  known: Pick<ListEntryDialogProps, 'kind' | 'item' | 'position'>,
): ConfigValue => {
  const position = known.item?.value.position ?? known.position;
  return {
    ...(known.kind === 'sources' ? wayOf(draft) : {}),
    ...known.item?.value,
    key,
    label: { de: draft.de, en: draft.en === '' ? draft.de : draft.en },
    ...(draft.color === '' ? {} : { color: draft.color }),
    ...(position === undefined ? {} : { position }),
  };
};

/** Makes or changes one entry of a list: its two labels and its colour; for sources how their messages come in. */
export function ListEntryDialog(props: ListEntryDialogProps) {
  const { kind, item, onClose, onSaved } = props;
  const { t } = useTranslation();
  const client = useQueryClient();
  const [draft, setDraft] = useState(() => toDraft(item));
  const set = (change: Partial<Draft>): void => setDraft((known) => ({ ...known, ...change }));
  const key = item?.key ?? toKey(draft.de);
  const form = useForm(async () => {
    const value = toValue(draft, key, props);
    await putConfig(kind, key, value);
    await client.invalidateQueries({ queryKey: ['config', kind] });
    notifications.show({ message: t('lists.saved', { name: inLanguage(value.label) }) });
    onClose();
    onSaved?.();
  });
  const title = kind === 'sources' ? t('sources.add') : t('lists.add');
  return (
    <FormDialog
      title={item?.key ?? title}
      form={form}
      submitLabel={t('common.save')}
      isDisabled={key === ''}
      onClose={onClose}
    >
      <TextInput
        data-autofocus
        required
        label={t('lists.labelDe')}
        value={draft.de}
        onChange={(event) => set({ de: event.currentTarget.value })}
      />
      <TextInput
        label={t('lists.labelEn')}
        value={draft.en}
        onChange={(event) => set({ en: event.currentTarget.value })}
      />
      <TextInput label={t('lists.key')} value={key} readOnly variant="filled" />
      <ColorInput
        label={t('lists.color')}
        value={draft.color}
        onChange={(color) => set({ color })}
        swatches={swatches}
        format="hex"
        eyeDropperButtonProps={{ 'aria-label': t('lists.color') }}
      />
      {kind === 'sources' && item === undefined && (
        <Select
          label={t('sources.way')}
          data={[
            ...authKinds.map((value) => ({ value, label: t(`sources.auth.${value}`) })),
            { value: sheetPreset, label: t('sources.sheet.title') },
          ]}
          value={draft.way}
          allowDeselect={false}
          onChange={(way) => set({ way: way ?? 'api-key' })}
        />
      )}
      {draft.way === sheetPreset && (
        <SheetFields
          draft={draft.sheet}
          errorOf={form.errorOf}
          onChange={(change) => set({ sheet: { ...draft.sheet, ...change } })}
        />
      )}
    </FormDialog>
  );
}
