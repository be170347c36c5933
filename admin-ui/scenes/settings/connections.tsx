import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { read, request } from '../../api/client.ts';
import { connectionsQuery } from '../../api/queries.ts';
import type { Connection, ConnectionKind } from '../../api/types.ts';
import { showProblem, toProblem } from '../../app/acts.tsx';
import { ChoiceDot } from '../../components/choice-dot.tsx';
import { EmptyFace, ErrorFace, LoadingFace } from '../../components/faces.tsx';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';
import { currentLanguage, inLanguage } from '../../i18n/index.ts';
import { formatInstant } from '../../model/format.ts';
import { ConnectionDialog } from './connection-dialog.tsx';
import { PageHead } from './page-head.tsx';
import classes from './settings.module.css';
import { TableFrame } from './table-frame.tsx';

const tones = { ok: 'var(--lw-good)', failing: 'var(--lw-bad)', untested: 'gray' } as const;

type Tested = Connection & { readonly reached: Connection['kindLabel'] | null };

function DeleteDialog({ connection, onClose }: { readonly connection: Connection; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { name } = connection;
  const form = useForm(async () => {
    await request('DELETE', `/connections/${connection.id}`);
    onClose();
    notifications.show({ message: t('connections.deleted', { name }) });
    await client.invalidateQueries({ queryKey: ['connections'] });
  });
  const title = t('connections.deleteTitle', { name });
  return (
    <FormDialog title={title} form={form} submitLabel={t('connections.delete')} isDangerous onClose={onClose}>
      <Text size="sm">{t('connections.deleteLead')}</Text>
    </FormDialog>
  );
}

interface RowProps {
  readonly connection: Connection;
  readonly isTesting: boolean;
  readonly onTest: () => void;
  readonly onEdit: () => void;
  readonly onDelete: () => void;
}

function ConnectionRow({ connection, isTesting, onTest, onEdit, onDelete }: RowProps) {
  const { t } = useTranslation();
  const language = currentLanguage();
  const { name, state, fault, lastSuccessAt, sources } = connection;
  return (
    <tr>
      <td>
        <Text size="sm" fw={560}>
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          {inLanguage(connection.kindLabel)} · <code>{connection.id}</code>
        </Text>
      </td>
      <td style={{ maxWidth: 380 }}>
        <ChoiceDot label={t(`connections.state.${state}`)} color={tones[state]} />
        {fault !== null && (
          <Text size="xs" style={{ color: 'var(--lw-bad)', whiteSpace: 'normal' }}>
            {inLanguage(fault.message)}
          </Text>
        )}
      </td>
      <td>{lastSuccessAt === null ? t('sources.never') : formatInstant(lastSuccessAt, language)}</td>
      <td>{sources.length === 0 ? '–' : sources.join(', ')}</td>
      <td>
        <Group gap={4} wrap="nowrap" justify="flex-end">
          <Button
            variant="default"
            size="compact-xs"
            loading={isTesting}
            aria-label={`${t('connections.test')}: ${name}`}
            onClick={onTest}
          >
            {t('connections.test')}
          </Button>
          <Button variant="subtle" size="compact-xs" aria-label={`${t('connections.edit')}: ${name}`} onClick={onEdit}>
            {t('connections.edit')}
          </Button>
          <Button
            variant="subtle"
            color="red"
            size="compact-xs"
            aria-label={`${t('connections.delete')}: ${name}`}
            onClick={onDelete}
          >
            {t('connections.delete')}
          </Button>
        </Group>
      </td>
    </tr>
  );
}

/** Tries a connection out and says what came of it; a failure stays on its row. */
const useTest = (): { readonly testing: string | undefined; readonly test: (id: string) => Promise<void> } => {
  const client = useQueryClient();
  const { t } = useTranslation();
  const [testing, setTesting] = useState<string>();
  const test = async (id: string): Promise<void> => {
    setTesting(id);
    try {
      const { body } = await request<{ data: Tested }>('POST', `/connections/${id}/test`, { body: {} });
      const { reached } = body.data;
      if (reached !== null) notifications.show({ message: inLanguage(reached) });
    } catch (error) {
      showProblem(toProblem(error), t('error.title'));
    }
    setTesting(undefined);
    await client.invalidateQueries({ queryKey: ['connections'] });
  };
  return { testing, test };
};

/** Outside systems that the company is connected with. */
export function Connections() {
  const { t } = useTranslation();
  const answer = useQuery(connectionsQuery);
  const kinds = useQuery({
    queryKey: ['connection-kinds'],
    queryFn: async () => await read<ConnectionKind[]>('/connection-kinds'),
  });
  const [editing, setEditing] = useState<Connection | 'new'>();
  const [deleting, setDeleting] = useState<Connection>();
  const { testing, test } = useTest();
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  if (kinds.isError) return <ErrorFace error={kinds.error} onRetry={() => void kinds.refetch()} />;
  if (answer.data === undefined || kinds.data === undefined) return <LoadingFace />;
  const add = (): void => setEditing('new');
  return (
    <>
      <PageHead title={t('settings.connections')} lead={t('connections.lead')}>
        <Button leftSection={<IconPlus size={15} />} onClick={add}>
          {t('connections.add')}
        </Button>
      </PageHead>
      {answer.data.length === 0 && (
        <EmptyFace text={t('connections.empty')} action={{ label: t('connections.add'), onClick: add }} />
      )}
      {answer.data.length > 0 && (
        <TableFrame label={t('settings.connections')}>
          <table className={classes['table']}>
            <thead>
              <tr>
                {(['name', 'stateHead', 'lastSuccess', 'usedBy'] as const).map((head) => (
                  <th key={head} scope="col">
                    {t(`connections.${head}`)}
                  </th>
                ))}
                <th scope="col">
                  <span className="lw-visually-hidden">{t('common.actions')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {answer.data.map((connection) => (
                <ConnectionRow
                  key={connection.id}
                  connection={connection}
                  isTesting={testing === connection.id}
                  onTest={() => void test(connection.id)}
                  onEdit={() => setEditing(connection)}
                  onDelete={() => setDeleting(connection)}
                />
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
      {editing !== undefined && (
        <ConnectionDialog
          kinds={kinds.data}
          {...(editing === 'new' ? {} : { connection: editing })}
          onClose={() => setEditing(undefined)}
          onSaved={(id) => void test(id)}
        />
      )}
      {deleting !== undefined && <DeleteDialog connection={deleting} onClose={() => setDeleting(undefined)} />}
    </>
  );
}
