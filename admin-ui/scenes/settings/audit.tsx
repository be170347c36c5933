import { Anchor, Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { EntityModel } from '../../../core/entity.ts';
import { queryString, request } from '../../api/client.ts';
import { toChoices, useChoices } from '../../api/choices.ts';
import { useConfig, useEntities, useUsers } from '../../api/queries.ts';
import type { AuditEntry } from '../../api/types.ts';
import { addressOf } from '../../app/address.ts';
import { EmptyFace, ErrorFace, LoadingFace } from '../../components/faces.tsx';
import { toWords } from '../../components/field/field-value.tsx';
import { currentLanguage, inLanguage } from '../../i18n/index.ts';
import { actorLabel } from '../../model/actors.ts';
import { formatInstant } from '../../model/format.ts';
import { PageHead } from './page-head.tsx';
import classes from './settings.module.css';
import { TableFrame } from './table-frame.tsx';

interface AuditPage {
  readonly data: readonly AuditEntry[];
  readonly page: { readonly next: string | null };
}

const instantPattern = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/u;

/** An id that says nothing to people. */
const opaqueId = /^[0-9a-f]{8}-|^[0-9a-f]{32}$/u;

const shorten = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text);

/** Of a field that no schema tells of. */
const plainWords = (value: unknown): string => {
  if (typeof value === 'string' && instantPattern.test(value)) return formatInstant(value, currentLanguage());
  if (value === null || value === undefined || value === '') return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
};

const shownAtOnce = 6;

interface ChangesProps {
  readonly changes: NonNullable<AuditEntry['changes']>;
  readonly labelOf?: (name: string) => string;
  readonly wordsOf?: (value: unknown, name: string) => string;
}

function Changes({ changes, labelOf = (name) => name, wordsOf = plainWords }: ChangesProps) {
  const { t } = useTranslation();
  const lines = Object.entries(changes).map(([name, [before, after]]) => (
    <div key={name}>
      <span style={{ color: 'var(--mantine-color-dimmed)' }}>{labelOf(name)}:</span> {shorten(wordsOf(before, name))} →{' '}
      {shorten(wordsOf(after, name))}
    </div>
  ));
  return (
    <>
      {lines.slice(0, shownAtOnce)}
      {lines.length > shownAtOnce && (
        <details>
          <summary>{t('audit.more', { count: lines.length - shownAtOnce })}</summary>
          {lines.slice(shownAtOnce)}
        </details>
      )}
    </>
  );
}

/** Changes of a record, as its form says them. */
function RecordChanges({ changes, model }: ChangesProps & { readonly model: EntityModel }) {
  const choicesOf = useChoices(model);
  const reasons = toChoices(useConfig('loss-reasons'));
  const labelOf = (name: string): string => inLanguage(model.fields.get(name)?.label) || name;
  const wordsOf = (value: unknown, name: string): string => {
    const field = model.fields.get(name);
    if (field === undefined) return plainWords(value);
    return toWords({ field, value, choices: name === 'archiveReason' ? reasons : choicesOf(field) });
  };
  return <Changes changes={changes} labelOf={labelOf} wordsOf={wordsOf} />;
}

function AuditRow({ entry }: { readonly entry: AuditEntry }) {
  const { t } = useTranslation();
  const users = useUsers();
  const { byName } = useEntities();
  const model = byName.get(entry.entity);
  const verb = entry.act.slice(entry.act.indexOf('.') + 1);
  const sources = toChoices(useConfig('sources'));
  const sourceLabel = (key: string): string | undefined => sources.find((one) => one.value === key)?.label;
  const labels = { systemLabel: t('common.system'), processLabel: t('audit.process') };
  const actorOf = ({ actor, actorName }: AuditEntry): string =>
    /^(?:key|process\/import)\//u.test(actor)
      ? (actorName ?? actor)
      : actorLabel(actor, { users, sourceLabel, ...labels });
  const thingOf = ({ entity, recordId }: AuditEntry): string => {
    const kind = t(`audit.thing.${entity}`, { defaultValue: entity });
    const name =
      entity === 'schemas'
        ? inLanguage(byName.get(recordId)?.label ?? recordId)
        : users.find(({ id }) => id === recordId)?.name;
    return [kind, name ?? (opaqueId.test(recordId) ? '' : recordId)].filter((word) => word !== '').join(': ');
  };
  const changes = entry.changes ?? {};
  return (
    <tr>
      <td data-figure style={{ whiteSpace: 'nowrap' }}>
        {formatInstant(entry.at, currentLanguage())}
      </td>
      <td>{actorOf(entry)}</td>
      <td title={entry.act}>{t(`act.${verb}`, { defaultValue: entry.act })}</td>
      <td>
        {model === undefined ? (
          <span title={entry.recordId}>{thingOf(entry)}</span>
        ) : (
          <Anchor component={Link} to={addressOf(model.name, entry.recordId, model.plural)} size="sm">
            {inLanguage(model.label)}
          </Anchor>
        )}
      </td>
      <td>{model === undefined ? <Changes changes={changes} /> : <RecordChanges changes={changes} model={model} />}</td>
    </tr>
  );
}

/** Every write: who, when, what, before and after. */
export function Audit() {
  const { t } = useTranslation();
  const answer = useInfiniteQuery({
    queryKey: ['audit'],
    initialPageParam: '',
    queryFn: async ({ pageParam }) =>
      (await request<AuditPage>('GET', `/audit${queryString({ limit: 100, cursor: pageParam })}`)).body,
    getNextPageParam: (page) => page.page.next ?? undefined,
  });
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <LoadingFace />;
  const entries = answer.data.pages.flatMap((page) => page.data);
  return (
    <>
      <PageHead title={t('settings.audit')} lead={t('audit.lead')} />
      {entries.length === 0 && <EmptyFace text={t('audit.empty')} />}
      {entries.length > 0 && (
        <TableFrame label={t('settings.audit')}>
          <table className={`${classes['table']} ${classes['log']}`}>
            <thead>
              <tr>
                {(['at', 'actor', 'act', 'record', 'changes'] as const).map((head) => (
                  <th key={head} scope="col">
                    {t(`audit.${head}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {entries.map((entry) => (
                <AuditRow key={entry.seq} entry={entry} />
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
      {answer.hasNextPage && (
        <Button
          variant="subtle"
          mt="md"
          loading={answer.isFetchingNextPage}
          onClick={() => void answer.fetchNextPage()}
        >
          {t('common.showMore')}
        </Button>
      )}
    </>
  );
}
