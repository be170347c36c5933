import { Badge, Button, Group, Select } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { EntitySchema } from '../../../core/entity.ts';
import { request } from '../../api/client.ts';
import { entitiesQuery, useEntities } from '../../api/queries.ts';
import { NotFoundFace } from '../../components/faces.tsx';
import { inLanguage } from '../../i18n/index.ts';
import { visibleFields } from '../../model/entities.ts';
import { EntityDialog, FieldDialog } from './field-dialogs.tsx';
import { toEntitySchema, toProperty, withField, type EntityDraft, type FieldDraft } from './new-field.ts';
import { PageHead } from './page-head.tsx';
import classes from './settings.module.css';
import { TableFrame } from './table-frame.tsx';

const route = getRouteApi('/app/settings/$section');

/** Publishes a schema against the revision that was read, so that two admins do not overwrite each other. */
const publish = async (entity: string, schema: EntitySchema, revision: number | undefined): Promise<void> => {
  const options = revision === undefined ? {} : { ifMatch: revision };
  await request('PUT', `/schemas/${entity}`, { body: { schema }, ...options });
};

/** Objects and their fields; a new one is at once in lists, forms, filters and the API. */
export function Fields() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const entities = useEntities();
  const { key = 'lead' } = route.useSearch();
  const [dialog, setDialog] = useState<'field' | 'entity'>();
  const model = entities.byName.get(key);
  if (model === undefined) return <NotFoundFace />;
  const refresh = async (): Promise<void> => {
    await client.invalidateQueries({ queryKey: entitiesQuery.queryKey });
    await client.invalidateQueries({ queryKey: ['me'] });
  };
  const addField = async (draft: FieldDraft): Promise<void> => {
    const { body } = await request<{ data: { schema: EntitySchema; revision: number } }>(
      'GET',
      `/schemas/${model.name}`,
    );
    await publish(model.name, withField(body.data.schema, draft.key, toProperty(draft, 200)), body.data.revision);
    notifications.show({ message: t('fields.added', { name: draft.labelDe }) });
    await refresh();
  };
  const addEntity = async (draft: EntityDraft): Promise<void> => {
    await publish(draft.key, toEntitySchema(draft), undefined);
    notifications.show({ message: t('fields.entityAdded', { name: draft.labelDe }) });
    await refresh();
    await navigate({ to: '.', search: { key: draft.key } });
  };
  const choices = [...entities.byName.values()].map((one) => ({ value: one.name, label: inLanguage(one.label) }));
  return (
    <>
      <PageHead title={t('settings.fields')} lead={t('fields.lead')}>
        <Select
          size="xs"
          w={200}
          aria-label={t('settings.fields')}
          allowDeselect={false}
          data={choices}
          value={model.name}
          onChange={(next) => void navigate({ to: '.', search: { key: next ?? 'lead' } })}
        />
        <Button variant="default" onClick={() => setDialog('entity')}>
          {t('fields.addEntity')}
        </Button>
        <Button leftSection={<IconPlus size={15} />} onClick={() => setDialog('field')}>
          {t('fields.add')}
        </Button>
      </PageHead>
      <TableFrame label={t('settings.fields')}>
        <table className={classes['table']}>
          <thead>
            <tr>
              {(['labelDe', 'labelEn', 'key', 'kind', 'section'] as const).map((head) => (
                <th key={head} scope="col">
                  {t(`fields.${head}`)}
                </th>
              ))}
              <th scope="col">
                <span className="lw-visually-hidden">{t('common.actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {visibleFields(model).map((field) => (
              <tr key={field.name}>
                <td>{field.label.de}</td>
                <td>{field.label.en}</td>
                <td>
                  <code>{field.name}</code>
                </td>
                <td>{t(`fields.kinds.${field.kind}`)}</td>
                <td>{t(`section.${field.section}`, { defaultValue: field.section })}</td>
                <td>
                  <Group gap={4}>
                    {field.isRequired && (
                      <Badge color="gray" c="var(--mantine-color-text)">
                        {t('fields.required')}
                      </Badge>
                    )}
                    {field.isSystem && (
                      <Badge color="gray" c="dimmed">
                        {t('fields.system')}
                      </Badge>
                    )}
                  </Group>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      {dialog === 'field' && <FieldDialog entities={choices} onClose={() => setDialog(undefined)} onSave={addField} />}
      {dialog === 'entity' && <EntityDialog onClose={() => setDialog(undefined)} onSave={addEntity} />}
    </>
  );
}
