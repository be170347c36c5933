import { ActionIcon, Badge, Button, Group, Menu, Select } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { IconArchive, IconArchiveOff, IconDots, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { EntityModel, EntitySchema, Field } from '../../../core/entity.ts';
import { entitiesQuery, useEntities } from '../../api/queries.ts';
import { publishSchema, readSchema, type SchemaImpact, type SchemaProposal } from '../../api/schemas.ts';
import { showProblem, toProblem } from '../../app/acts.tsx';
import { NotFoundFace } from '../../components/faces.tsx';
import { inLanguage } from '../../i18n/index.ts';
import { isRetired } from '../../model/entities.ts';
import { EntityDialog, FieldDialog } from './field-dialogs.tsx';
import { ImpactDialog } from './impact-dialog.tsx';
import { toDraft, toEntitySchema, withField, withoutField, withRetired, type FieldDraft } from './new-field.ts';
import { PageHead } from './page-head.tsx';
import classes from './settings.module.css';
import { TableFrame } from './table-frame.tsx';

const route = getRouteApi('/app/settings/$section');

/** A change that is being made, and the sentence that tells of it when it is done. */
interface Change {
  readonly proposal: SchemaProposal;
  readonly done: string;
}

function Mark({ children }: { readonly children: string }) {
  return (
    <Badge color="gray" c="dimmed" miw="max-content">
      {children}
    </Badge>
  );
}

interface FieldRowProps {
  readonly model: EntityModel;
  readonly field: Field;
  readonly onEdit: () => void;
  readonly onRetire: (isRetired: boolean) => void;
  readonly onRemove: () => void;
}

function FieldRow({ model, field, onEdit, onRetire, onRemove }: FieldRowProps) {
  const { t } = useTranslation();
  const retired = isRetired(model, field);
  return (
    <tr data-field={field.name}>
      <td>{field.label.de}</td>
      <td>{field.label.en}</td>
      <td>
        <code>{field.name}</code>
      </td>
      <td>{t(`fields.kinds.${field.kind}`)}</td>
      <td>{t(`section.${field.section}`, { defaultValue: field.section })}</td>
      <td>
        <Group gap={4} justify="flex-end" wrap="nowrap">
          {field.isRequired && <Mark>{t('fields.required')}</Mark>}
          {retired && <Mark>{t('fields.retired')}</Mark>}
          {field.isSystem ? (
            <Mark>{t('fields.system')}</Mark>
          ) : (
            <Menu width={200}>
              <Menu.Target>
                <ActionIcon size={28} aria-label={`${t('common.more')}: ${inLanguage(field.label)}`}>
                  <IconDots size={16} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconPencil size={16} />} onClick={onEdit}>
                  {t('common.edit')}
                </Menu.Item>
                <Menu.Item
                  leftSection={retired ? <IconArchiveOff size={16} /> : <IconArchive size={16} />}
                  onClick={() => onRetire(!retired)}
                >
                  {t(retired ? 'fields.useAgain' : 'fields.retire')}
                </Menu.Item>
                {field.name !== model.titleField && (
                  <Menu.Item leftSection={<IconTrash size={16} />} onClick={onRemove}>
                    {t('fields.remove')}
                  </Menu.Item>
                )}
              </Menu.Dropdown>
            </Menu>
          )}
        </Group>
      </td>
    </tr>
  );
}

/** Publishes changes of schemas; one that takes something away waits for its confirmation. */
function useSchemaChange() {
  const client = useQueryClient();
  const [waiting, setWaiting] = useState<Change & { readonly impact: SchemaImpact }>();
  const publish = async (change: Change, confirm?: string): Promise<void> => {
    const impact = await publishSchema(change.proposal, confirm);
    setWaiting(impact === undefined ? undefined : { ...change, impact });
    if (impact !== undefined) return;
    notifications.show({ message: change.done });
    await client.invalidateQueries({ queryKey: entitiesQuery.queryKey });
    await client.invalidateQueries({ queryKey: ['me'] });
  };
  return { waiting, publish, leave: () => setWaiting(undefined) };
}

/** Objects and their fields; a change is at once in lists, forms, filters and the API. */
export function Fields() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const entities = useEntities();
  const { key = 'lead' } = route.useSearch();
  const [dialog, setDialog] = useState<'field' | 'entity' | Field>();
  const { waiting, publish, leave } = useSchemaChange();
  const model = entities.byName.get(key);
  if (model === undefined) return <NotFoundFace />;
  /** Changes what is in force now, whatever this page has read. */
  const change = async (done: string, to: (schema: EntitySchema) => EntitySchema): Promise<void> => {
    const known = await readSchema(model.name);
    await publish({ proposal: { ...known, schema: to(known.schema) }, done });
  };
  const attempt = (work: Promise<void>): void =>
    void work.catch((error: unknown) => showProblem(toProblem(error), t('error.title')));
  const saveField = async (draft: FieldDraft): Promise<void> =>
    await change(t(dialog === 'field' ? 'fields.added' : 'fields.changed', { name: draft.labelDe }), (schema) =>
      withField(schema, draft),
    );
  const choices = [...entities.byName.values()].map((one) => ({ value: one.name, label: inLanguage(one.label) }));
  const close = (): void => setDialog(undefined);
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
            {[...model.fields.values()]
              .filter((field) => !field.isHidden)
              .map((field) => (
                <FieldRow
                  key={field.name}
                  model={model}
                  field={field}
                  onEdit={() => setDialog(field)}
                  onRetire={(isOut) =>
                    attempt(
                      change(
                        t(isOut ? 'fields.retiredDone' : 'fields.usedAgain', { name: inLanguage(field.label) }),
                        (schema) => withRetired(schema, field.name, isOut),
                      ),
                    )
                  }
                  onRemove={() =>
                    attempt(
                      change(t('fields.removed', { name: inLanguage(field.label) }), (schema) =>
                        withoutField(schema, field.name),
                      ),
                    )
                  }
                />
              ))}
          </tbody>
        </table>
      </TableFrame>
      {dialog === 'entity' && (
        <EntityDialog
          onClose={close}
          onSave={async (draft) => {
            const proposal = { entity: draft.key, schema: toEntitySchema(draft) };
            await publish({ proposal, done: t('fields.entityAdded', { name: draft.labelDe }) });
            await navigate({ to: '.', search: { key: draft.key } });
          }}
        />
      )}
      {dialog !== undefined && dialog !== 'entity' && (
        <FieldDialog
          known={dialog === 'field' ? undefined : toDraft(model, dialog)}
          entities={choices}
          onClose={close}
          onSave={saveField}
        />
      )}
      {waiting !== undefined && (
        <ImpactDialog
          key={waiting.impact.hash}
          model={model}
          impact={waiting.impact}
          onClose={leave}
          onConfirm={async () => await publish(waiting, waiting.impact.hash)}
        />
      )}
    </>
  );
}
