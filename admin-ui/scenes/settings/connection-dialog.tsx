import { NumberInput, PasswordInput, Select, Text, Textarea, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { request } from '../../api/client.ts';
import type { Connection, ConnectionField, ConnectionKind } from '../../api/types.ts';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';
import { inLanguage } from '../../i18n/index.ts';

type Values = Readonly<Record<string, string | number>>;

interface FieldsProps {
  readonly part: 'settings' | 'credentials';
  readonly kind: ConnectionKind;
  readonly values: Values;
  readonly errorOf: (name: string) => string | undefined;
  readonly onChange: (values: Values) => void;
}

const isNeeded = (kind: ConnectionKind, part: FieldsProps['part'], name: string): boolean =>
  (kind[part].required ?? []).includes(name);

/** What a kind asks for. Credentials are typed in and never shown. */
function Fields({ part, kind, values, errorOf, onChange }: FieldsProps) {
  return Object.entries(kind[part].properties).map(([name, field]: [string, ConnectionField]) => {
    const set = (value: string | number): void => onChange({ ...values, [name]: value });
    const asked = {
      label: inLanguage(field['x-label']),
      description: inLanguage(field['x-help']),
      required: isNeeded(kind, part, name),
      error: errorOf(`${part}/${name}`),
      ...(field.default === undefined ? {} : { placeholder: field.default }),
    };
    const options = field['x-options'];
    if (options !== undefined) {
      const data = Object.entries(options).map(([value, label]) => ({ value, label: inLanguage(label) }));
      const value = String(values[name] ?? field.default ?? '');
      return (
        <Select
          key={name}
          {...asked}
          data={data}
          value={value}
          allowDeselect={false}
          onChange={(one) => set(one ?? '')}
        />
      );
    }
    if (field.type === 'integer')
      return (
        <NumberInput
          key={name}
          {...asked}
          value={values[name] ?? ''}
          onChange={set}
          hideControls
          allowDecimal={false}
          thousandSeparator=""
        />
      );
    const input = {
      ...asked,
      value: values[name] ?? '',
      onChange: (event: { readonly currentTarget: { readonly value: string } }) => set(event.currentTarget.value),
    };
    if (field['x-multiline'] === true)
      return <Textarea key={name} {...input} autosize minRows={3} maxRows={8} autoComplete="off" spellCheck={false} />;
    if (part === 'credentials') return <PasswordInput key={name} {...input} autoComplete="new-password" />;
    return <TextInput key={name} {...input} />;
  });
}

/** What was filled in; empty inputs say nothing. */
const filled = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));

interface ConnectionDialogProps {
  readonly kinds: readonly ConnectionKind[];
  /** Absent: a new one. */
  readonly connection?: Connection;
  readonly onClose: () => void;
  readonly onSaved: (id: string) => void;
}

/** Makes a connection, changes it, or gives it new credentials. */
export function ConnectionDialog({ kinds, connection, onClose, onSaved }: ConnectionDialogProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [kindName, setKind] = useState(connection?.kind ?? kinds[0]?.kind ?? '');
  const [name, setName] = useState(connection?.name ?? '');
  const [settings, setSettings] = useState<Values>(connection?.settings ?? {});
  const [credentials, setCredentials] = useState<Values>({});
  const kind = kinds.find((one) => one.kind === kindName);
  const form = useForm(async () => {
    const given = filled(credentials);
    const body = {
      name,
      settings: filled(settings),
      ...(connection === undefined || Object.keys(given).length > 0 ? { credentials: given } : {}),
      ...(connection === undefined ? { kind: kindName } : {}),
    };
    const [method, path] =
      connection === undefined
        ? (['POST', '/connections'] as const)
        : (['PATCH', `/connections/${connection.id}`] as const);
    const options = { body, ...(connection === undefined ? {} : { ifMatch: connection.version }) };
    const { body: answer } = await request<{ data: Connection }>(method, path, options);
    await client.invalidateQueries({ queryKey: ['connections'] });
    onClose();
    onSaved(answer.data.id);
  });
  const title = connection === undefined ? t('connections.add') : t('connections.editTitle', { name: connection.name });
  return (
    <FormDialog title={title} form={form} submitLabel={t('connections.save')} onClose={onClose}>
      <Select
        label={t('connections.kind')}
        data={kinds.map((one) => ({ value: one.kind, label: inLanguage(one.label) }))}
        value={kindName}
        disabled={connection !== undefined}
        allowDeselect={false}
        onChange={(value) => setKind(value ?? '')}
      />
      {kind !== undefined && (
        <>
          <Text size="xs" c="dimmed">
            {inLanguage(kind.help)}
          </Text>
          <TextInput
            required
            label={t('connections.name')}
            error={form.errorOf('name')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Fields part="settings" kind={kind} values={settings} errorOf={form.errorOf} onChange={setSettings} />
          <Text size="sm" fw={560} mt="xs">
            {connection === undefined ? t('connections.credentials') : t('connections.newCredentials')}
          </Text>
          <Fields
            part="credentials"
            kind={connection === undefined ? kind : { ...kind, credentials: { ...kind.credentials, required: [] } }}
            values={credentials}
            errorOf={form.errorOf}
            onChange={setCredentials}
          />
        </>
      )}
    </FormDialog>
  );
}
