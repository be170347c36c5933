import { Anchor, Button, Group, Menu, ActionIcon, Tabs, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import {
  IconCode,
  IconDots,
  IconExternalLink,
  IconKey,
  IconPlus,
  IconRefresh,
  IconFileImport,
  IconMailbox,
  IconFileCode,
} from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { request } from '../../api/client.ts';
import { sourcesQuery } from '../../api/queries.ts';
import type { SourceFigures } from '../../api/types.ts';
import { showProblem, toProblem } from '../../app/acts.tsx';
import { ErrorFace, LoadingFace } from '../../components/faces.tsx';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';
import { currentLanguage, inLanguage } from '../../i18n/index.ts';
import { formatInstant, formatNumber } from '../../model/format.ts';
import { FeedLine } from './feed-line.tsx';
import { ListEntryDialog } from './list-entry-dialog.tsx';
import { CopyText, OnceDialog } from './once-dialog.tsx';
import { PageHead } from './page-head.tsx';
import classes from './settings.module.css';
import { TableFrame } from './table-frame.tsx';
import { snippetsOf } from './snippets.ts';
import { Sparkline } from './sparkline.tsx';
import { Dialog } from '../../components/dialog.tsx';

interface Rotated {
  readonly source: string;
  readonly url: string;
  readonly secret: string | null;
}

type Open = { readonly dialog: 'snippet' | 'rotate'; readonly source: SourceFigures };

function SnippetDialog({ source, onClose }: { readonly source: SourceFigures; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const snippets = snippetsOf(source);
  return (
    <Dialog size="lg" onClose={onClose} title={t('sources.snippetTitle', { source: inLanguage(source.label) })}>
      <Tabs defaultValue={snippets[0]?.name ?? null}>
        <Tabs.List>
          {snippets.map(({ name }) => (
            <Tabs.Tab key={name} value={name}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {snippets.map(({ name, text }) => (
          <Tabs.Panel key={name} value={name} pt="sm">
            <pre className={classes['code']}>{text}</pre>
            <Group mt="sm">
              <CopyText text={text} />
            </Group>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Dialog>
  );
}

interface RotateDialogProps {
  readonly source: SourceFigures;
  readonly onClose: () => void;
  readonly onRotated: (rotated: Rotated) => void;
}

function RotateDialog({ source, onClose, onRotated }: RotateDialogProps) {
  const { t } = useTranslation();
  const form = useForm(async () => {
    const { body } = await request<{ data: Rotated }>('POST', `/sources/${source.key}/rotate`, { body: {} });
    onClose();
    onRotated(body.data);
  });
  const title = t('sources.rotateTitle', { source: inLanguage(source.label) });
  return (
    <FormDialog title={title} form={form} submitLabel={t('sources.rotate')} isDangerous onClose={onClose}>
      <Text size="sm">{t('sources.rotateLead')}</Text>
    </FormDialog>
  );
}

/** Asks for a source to be fetched; what comes of it shows on its row. */
const useFetchNow = (): ((source: SourceFigures) => Promise<void>) => {
  const { t } = useTranslation();
  return async (source) => {
    try {
      await request('POST', `/sources/${source.key}/fetch`, { body: {} });
      notifications.show({ message: t('sources.fetching', { source: inLanguage(source.label) }) });
    } catch (error) {
      showProblem(toProblem(error), t('error.title'));
    }
  };
};

/** What came in lately, on one line: where there is no room for columns. */
function FigureLine({ source }: { readonly source: SourceFigures }) {
  const { t } = useTranslation();
  const { count24h, errors24h, lastAt } = source;
  const count = t('sources.countLine', { count: count24h });
  const last = lastAt === null ? undefined : t('sources.lastLine', { at: formatInstant(lastAt, currentLanguage()) });
  return (
    <Text size="xs">
      {[count, last].filter((part) => part !== undefined).join(' · ')}
      {errors24h > 0 && (
        <Text span inherit c="var(--lw-bad)">
          {' · '}
          {t('sources.errorLine', { count: errors24h })}
        </Text>
      )}
    </Text>
  );
}

/** Figures in columns of their own. */
function FigureCells({ source }: { readonly source: SourceFigures }) {
  const { t } = useTranslation();
  const language = currentLanguage();
  const { label, perHour, count24h, errors24h, lastAt } = source;
  return (
    <>
      <td>
        <Sparkline values={perHour} label={t('sources.chart', { source: inLanguage(label), count: count24h })} />
      </td>
      <td data-figure>{formatNumber(count24h, language)}</td>
      <td data-figure style={errors24h > 0 ? { color: 'var(--lw-bad)' } : undefined}>
        {formatNumber(errors24h, language)}
      </td>
      <td>{lastAt === null ? t('sources.never') : formatInstant(lastAt, language)}</td>
    </>
  );
}

interface SourceRowProps {
  readonly source: SourceFigures;
  readonly isNarrow: boolean;
  readonly onOpen: (open: Open) => void;
}

function SourceRow({ source, isNarrow, onOpen }: SourceRowProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const name = inLanguage(source.label);
  const fetchNow = useFetchNow();
  const form = source.formUrl !== null && (
    <Anchor href={source.formUrl} target="_blank" rel="noreferrer" size={isNarrow ? 'xs' : 'sm'}>
      {t('sources.form')} <IconExternalLink size={12} aria-hidden />
    </Anchor>
  );
  return (
    <tr>
      <td>
        <Text size="sm" fw={560}>
          {name}
        </Text>
        {isNarrow && <FigureLine source={source} />}
        <Text size="xs" c="dimmed" className={classes['wrapped']}>
          {t(`sources.auth.${source.auth}`)} · <code>{source.url}</code>
        </Text>
        {source.alerts.map((alert) => (
          <Text key={alert.kind} size="xs" c="var(--lw-bad)">
            {inLanguage(alert.text)}
          </Text>
        ))}
        <FeedLine source={source} />
        {isNarrow && form}
      </td>
      {!isNarrow && <FigureCells source={source} />}
      <td>
        <Group gap={4} wrap="nowrap" justify="flex-end">
          {!isNarrow && form}
          <Menu width={230}>
            <Menu.Target>
              <ActionIcon size={28} aria-label={`${t('common.more')}: ${name}`}>
                <IconDots size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {source.isFetched && (
                <Menu.Item leftSection={<IconRefresh size={16} />} onClick={() => void fetchNow(source)}>
                  {t('sources.fetch')}
                </Menu.Item>
              )}
              <Menu.Item leftSection={<IconCode size={16} />} onClick={() => onOpen({ dialog: 'snippet', source })}>
                {t('sources.snippet')}
              </Menu.Item>
              {source.auth !== 'public' && source.auth !== 'mail' && (
                <Menu.Item leftSection={<IconKey size={16} />} onClick={() => onOpen({ dialog: 'rotate', source })}>
                  {t('sources.rotate')}
                </Menu.Item>
              )}
              <Menu.Item
                leftSection={<IconMailbox size={16} />}
                onClick={() => void navigate({ to: '/received', search: { filter: `source = "${source.key}"` } })}
              >
                {t('sources.messages')}
              </Menu.Item>
              <Menu.Item
                leftSection={<IconFileImport size={16} />}
                onClick={() => void navigate({ to: '/imports', search: { source: source.key } })}
              >
                {t('sources.imports')}
              </Menu.Item>
              <Menu.Item
                leftSection={<IconFileCode size={16} />}
                component={Link}
                to={`/settings/pipelines?kind=sources&key=${source.key}`}
              >
                {t('sources.edit')}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
      </td>
    </tr>
  );
}

/** Sources with what came in lately, how they are reached, and their secrets (shown once). */
export function Sources() {
  const { t } = useTranslation();
  const answer = useQuery({ ...sourcesQuery, refetchInterval: 5_000 });
  const [open, setOpen] = useState<Open>();
  const [isAdding, setAdding] = useState(false);
  const [rotated, setRotated] = useState<Rotated>();
  const isNarrow = useMediaQuery('(max-width: 900px)', false, { getInitialValueInEffect: false });
  const close = (): void => setOpen(undefined);
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <LoadingFace />;
  const figures = [t('sources.count'), '', t('sources.errors'), t('sources.last')];
  const heads = [t('settings.sources'), ...(isNarrow ? [] : figures)];
  return (
    <>
      <PageHead title={t('settings.sources')} lead={t('sources.lead')}>
        <Button leftSection={<IconPlus size={15} />} onClick={() => setAdding(true)}>
          {t('sources.add')}
        </Button>
      </PageHead>
      <TableFrame label={t('settings.sources')}>
        <table className={classes['table']}>
          <thead className={isNarrow ? 'lw-visually-hidden' : undefined}>
            <tr>
              {heads.map((head, index) => (
                <th key={index} scope="col">
                  {head}
                </th>
              ))}
              <th scope="col">
                <span className="lw-visually-hidden">{t('common.actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {answer.data.map((source) => (
              <SourceRow key={source.key} source={source} isNarrow={isNarrow} onOpen={setOpen} />
            ))}
          </tbody>
        </table>
      </TableFrame>
      {open?.dialog === 'snippet' && <SnippetDialog source={open.source} onClose={close} />}
      {open?.dialog === 'rotate' && <RotateDialog source={open.source} onClose={close} onRotated={setRotated} />}
      {isAdding && (
        <ListEntryDialog kind="sources" onClose={() => setAdding(false)} onSaved={() => void answer.refetch()} />
      )}
      {rotated !== undefined && (
        <OnceDialog
          title={t('sources.secretTitle', { source: rotated.source })}
          hint={t('sources.secretOnce')}
          values={[
            [t('sources.address'), rotated.url],
            [t('sources.secret'), rotated.secret ?? '–'],
          ]}
          onClose={() => setRotated(undefined)}
        />
      )}
    </>
  );
}
