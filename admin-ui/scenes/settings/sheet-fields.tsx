import { Anchor, NumberInput, Select, Switch, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { connectionsQuery } from '../../api/queries.ts';
import type { ConfigValue } from '../../api/types.ts';

export const sheetPreset = 'google-sheets';

/** What is asked about a Google sheet that is to be a source. */
export interface SheetDraft {
  /** As the browser shows it, or the id alone. */
  readonly address: string;
  readonly connection: string;
  readonly tab: string;
  readonly keyColumn: string;
  readonly everyMinutes: number;
  readonly doesUpdate: boolean;
}

export const emptySheet: SheetDraft = {
  address: '',
  connection: '',
  tab: '',
  keyColumn: '',
  everyMinutes: 15,
  doesUpdate: true,
};

/** The part of a source's value that says which rows come in. Signed: the sheet's own script may push them, too. */
export const toSheetSource = (draft: SheetDraft): Omit<ConfigValue, 'label'> => ({
  auth: 'hmac',
  preset: sheetPreset,
  connection: draft.connection,
  poll: { everyMinutes: draft.everyMinutes },
  sheet: {
    spreadsheetId: /\/d\/([\w-]+)/.exec(draft.address)?.[1] ?? draft.address.trim(),
    ...(draft.tab.trim() === '' ? {} : { tab: draft.tab.trim() }),
    ...(draft.keyColumn.trim() === '' ? {} : { keyColumn: draft.keyColumn.trim() }),
    onChange: draft.doesUpdate ? 'update' : 'ignore',
  },
});

interface SheetFieldsProps {
  readonly draft: SheetDraft;
  readonly errorOf: (name: string) => string | undefined;
  readonly onChange: (change: Partial<SheetDraft>) => void;
}

/** Which sheet, through which connection, and how its rows are known. */
export function SheetFields({ draft, errorOf, onChange }: SheetFieldsProps) {
  const { t } = useTranslation();
  const { data: connections = [] } = useQuery(connectionsQuery);
  const own = connections.filter(({ kind }) => kind === sheetPreset);
  return (
    <>
      <TextInput
        required
        label={t('sources.sheet.address')}
        description={t('sources.sheet.addressHelp')}
        error={errorOf('sheet/spreadsheetId')}
        value={draft.address}
        onChange={(event) => onChange({ address: event.currentTarget.value })}
      />
      {own.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t('sources.sheet.noConnection')}{' '}
          <Anchor component={Link} to="/settings/connections" size="sm">
            {t('connections.add')}
          </Anchor>
        </Text>
      ) : (
        <Select
          required
          label={t('sources.sheet.connection')}
          error={errorOf('connection')}
          data={own.map(({ id, name }) => ({ value: id, label: name }))}
          value={draft.connection}
          allowDeselect={false}
          onChange={(connection) => onChange({ connection: connection ?? '' })}
        />
      )}
      <TextInput
        label={t('sources.sheet.tab')}
        description={t('sources.sheet.tabHelp')}
        error={errorOf('sheet/tab')}
        value={draft.tab}
        onChange={(event) => onChange({ tab: event.currentTarget.value })}
      />
      <TextInput
        label={t('sources.sheet.keyColumn')}
        description={t('sources.sheet.keyHelp')}
        error={errorOf('sheet/keyColumn')}
        value={draft.keyColumn}
        onChange={(event) => onChange({ keyColumn: event.currentTarget.value })}
      />
      <NumberInput
        label={t('sources.sheet.everyMinutes')}
        error={errorOf('poll/everyMinutes')}
        value={draft.everyMinutes}
        min={1}
        max={10_080}
        allowDecimal={false}
        onChange={(value) => onChange({ everyMinutes: Number(value) })}
      />
      <Switch
        label={t('sources.sheet.doesUpdate')}
        checked={draft.doesUpdate}
        onChange={(event) => onChange({ doesUpdate: event.currentTarget.checked })}
      />
    </>
  );
}
