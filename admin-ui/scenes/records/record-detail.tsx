import { ActionIcon, Anchor, Group, Menu, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, Navigate, useRouter } from '@tanstack/react-router';
import { IconArrowLeft, IconDots, IconLink, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { EntityModel } from '../../../core/entity.ts';
import { ApiError } from '../../api/client.ts';
import { useRemoteChange } from '../../api/live.ts';
import { recordQuery, relatedQuery, useEntities, useSession } from '../../api/queries.ts';
import type { RecordValue } from '../../api/types.ts';
import { useActs } from '../../app/acts.tsx';
import { addressOf } from '../../app/address.ts';
import { ActivitiesCard } from '../../components/activities-card.tsx';
import { Card } from '../../components/card.tsx';
import { ErrorFace, LoadingFace, NotFoundFace } from '../../components/faces.tsx';
import { RecordForm } from '../../components/field/record-form.tsx';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';
import { Timeline } from '../../components/timeline.tsx';
import { currentLanguage, inLanguage } from '../../i18n/index.ts';
import { textOf, titleOf, visibleFields } from '../../model/entities.ts';
import { formatDate, formatTime } from '../../model/format.ts';
import detail from '../inbox/lead-detail.module.css';

const route = getRouteApi('/app/list/$plural/$id');
const bookkeeping = new Set(['id', 'version', 'createdBy', 'updatedBy']);
/** Shown in cards of their own, or not about this record. */
const notRelated = new Set(['activity', 'timeline-entry', 'intake-message', 'saved-view']);

interface RelatedProps {
  readonly model: EntityModel;
  readonly field: string;
  readonly id: string;
}

function Related({ model, field, id }: RelatedProps) {
  const { data } = useQuery(
    relatedQuery({ plural: model.plural, filter: `${field} = "${id}"`, sort: '-createdAt', limit: 10 }),
  );
  if (data === undefined || data.data.length === 0) return undefined;
  return (
    <Card title={inLanguage(model.pluralLabel)}>
      {data.data.map((record) => (
        <Group key={record.id} justify="space-between" wrap="nowrap" gap="sm" py={3}>
          <Anchor component={Link} to={addressOf(model.name, record.id, model.plural)} size="sm" truncate>
            {titleOf(model, record)}
          </Anchor>
          <Text size="xs" c="dimmed" style={{ flex: 'none' }}>
            {formatDate((textOf(record, 'createdAt') ?? '').slice(0, 10), currentLanguage())}
          </Text>
        </Group>
      ))}
    </Card>
  );
}

interface HeadProps {
  readonly model: EntityModel;
  readonly record: RecordValue;
}

function Head({ model, record }: HeadProps) {
  const { t } = useTranslation();
  const router = useRouter();
  const { run } = useActs();
  const session = useSession();
  const remote = useRemoteChange(record.id);
  const [isDeleting, setDeleting] = useState(false);
  const title = titleOf(model, record);
  const lead = textOf(record, 'lead');
  const back = (): void => void router.navigate({ to: '/list/$plural', params: { plural: model.plural } });
  const form = useForm(async () => {
    setDeleting(false);
    if (
      (await run([{ method: 'DELETE', path: `/${model.plural}/${record.id}` }], { done: t('common.deleted') })) !==
      undefined
    )
      back();
  });
  return (
    <div className={detail['head']}>
      <Group gap="sm" wrap="nowrap" align="flex-start">
        <ActionIcon size={30} aria-label={t('common.back')} onClick={back}>
          <IconArrowLeft size={18} />
        </ActionIcon>
        <div style={{ flex: 1, minWidth: 0 }}>
          <h1 className={detail['title']}>{title}</h1>
          <Group gap="sm">
            <Text size="sm" c="dimmed">
              {[inLanguage(model.label), textOf(record, 'number')].filter((part) => part !== undefined).join(' · ')}
            </Text>
            {model.name === 'opportunity' && lead !== undefined && (
              <Anchor component={Link} to={addressOf('lead', lead, 'leads')} size="sm">
                <IconLink size={13} aria-hidden /> {inLanguage(model.fields.get('lead')?.label)}
              </Anchor>
            )}
            {remote !== undefined && (
              <Text component="output" size="xs" c="dimmed">
                {t('record.changedLive', { name: remote.name })}, {formatTime(remote.at, currentLanguage())}
              </Text>
            )}
          </Group>
        </div>
        {session.can[model.name]?.['delete'] === true && (
          <Menu>
            <Menu.Target>
              <ActionIcon size={30} aria-label={t('common.more')}>
                <IconDots size={17} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => setDeleting(true)}>
                {t('common.delete')}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </Group>
      {isDeleting && (
        <FormDialog
          title={t('record.deleteTitle', { title })}
          form={form}
          submitLabel={t('common.delete')}
          isDangerous
          onClose={() => setDeleting(false)}
        >
          <Text size="sm">{t('record.deleteLead')}</Text>
        </FormDialog>
      )}
    </div>
  );
}

interface BodyProps extends HeadProps {
  readonly labels: Readonly<Record<string, string>>;
}

function Body({ model, record, labels }: BodyProps) {
  const { t } = useTranslation();
  const { run } = useActs();
  const entities = useEntities();
  const session = useSession();
  const links = (entity: string): boolean => entities.byName.get(entity)?.fields.has(model.name) === true;
  const relations = [...entities.byName.values()]
    .filter((other) => !notRelated.has(other.name) && session.can[other.name]?.['read'] !== false)
    .flatMap((other) =>
      visibleFields(other)
        .filter((field) => field.target === model.name)
        .map((field) => ({ other, field: field.name })),
    );
  const mayNote = session.can[model.name]?.['note'] === true;
  const note = async (text: string, noteType: string | null): Promise<boolean> => {
    const body = noteType === null ? { text } : { text, noteType };
    return (
      (await run([{ path: `/${model.plural}/${record.id}/note`, body }], { done: t('timeline.saved') })) !== undefined
    );
  };
  return (
    <div className={detail['columns']}>
      <div className={detail['column']}>
        <Card title={t('inbox.fields')} isTitleHidden>
          <RecordForm model={model} record={record} labels={labels} without={bookkeeping} />
        </Card>
      </div>
      <div className={detail['column']}>
        {links('activity') && <ActivitiesCard link={model.name} id={record.id} />}
        {relations.map(({ other, field }) => (
          <Related key={`${other.name}.${field}`} model={other} field={field} id={record.id} />
        ))}
        {links('timeline-entry') && (
          <Timeline entity={model.name} record={record} onNote={mayNote ? note : undefined} />
        )}
      </div>
    </div>
  );
}

function Detail({ model, id }: { readonly model: EntityModel; readonly id: string }) {
  const references = visibleFields(model)
    .filter((field) => field.kind === 'reference')
    .map((field) => field.name);
  const answer = useQuery(recordQuery(model.plural, id, references.join(',')));
  const successor = answer.error instanceof ApiError ? answer.error.problem['mergedInto'] : undefined;
  if (typeof successor === 'string')
    return <Navigate replace to="/list/$plural/$id" params={{ plural: model.plural, id: successor }} />;
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <LoadingFace />;
  const { data: record, _labels: labels = {} } = answer.data;
  return (
    <div className={detail['detail']}>
      <Head model={model} record={record} />
      <div className={`${detail['scroll']} lw-scroll`} tabIndex={-1}>
        <Body model={model} record={record} labels={labels} />
      </div>
    </div>
  );
}

/** One record of any entity: its fields, what belongs to it, and what happened. */
export function RecordDetail() {
  const { plural, id } = route.useParams();
  const model = useEntities().byPlural.get(plural);
  return model === undefined ? <NotFoundFace /> : <Detail key={id} model={model} id={id} />;
}
