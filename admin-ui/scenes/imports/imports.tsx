import { Anchor, Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { toChoices } from '../../api/choices.ts';
import { importsQuery } from '../../api/imports.ts';
import { useConfig, useEntities, useSession } from '../../api/queries.ts';
import type { RecordValue } from '../../api/types.ts';
import { EmptyFace, ErrorFace, LoadingFace } from '../../components/faces.tsx';
import { Readable } from '../../components/readable.tsx';
import { currentLanguage, inLanguage } from '../../i18n/index.ts';
import { textOf } from '../../model/entities.ts';
import { formatInstant, formatNumber } from '../../model/format.ts';
import { PageHead } from '../settings/page-head.tsx';
import { TableFrame } from '../settings/table-frame.tsx';
import { ImportState } from './import-state.tsx';
import classes from './imports.module.css';

const route = getRouteApi('/app/imports');

const numbers = ['created', 'updated', 'duplicates', 'rejected'] as const;

function ImportLine({ record, source }: { readonly record: RecordValue; readonly source: string }) {
  const entities = useEntities();
  const language = currentLanguage();
  const model = entities.byName.get(textOf(record, 'entity') ?? '');
  return (
    <tr>
      <td>
        <Anchor component={Link} to={`/imports/${record.id}`} size="sm" className={classes['cell']}>
          {textOf(record, 'fileName')}
        </Anchor>
      </td>
      <td>
        <ImportState record={record} />
      </td>
      <td>{model === undefined ? textOf(record, 'entity') : inLanguage(model.label)}</td>
      <td>{source}</td>
      {numbers.map((name) => (
        <td key={name} className={classes['end']}>
          {formatNumber(Number(record[name] ?? 0), language)}
        </td>
      ))}
      <td style={{ whiteSpace: 'nowrap' }}>{formatInstant(textOf(record, 'createdAt') ?? '', language)}</td>
    </tr>
  );
}

function ImportList() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { source: chosen } = route.useSearch();
  const answer = useQuery(importsQuery(chosen));
  const sources = toChoices(useConfig('sources'));
  const begin = (): void => void navigate({ to: '/imports/new' });
  const isAllowed = useSession().can['import']?.['start'] !== false;
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <LoadingFace />;
  const labelOf = (key: string | undefined): string => sources.find(({ value }) => value === key)?.label ?? key ?? '';
  return (
    <div className={`${classes['page']} lw-scroll`}>
      <PageHead
        title={t('imports.title')}
        lead={chosen === undefined ? t('imports.lead') : t('imports.leadOf', { source: labelOf(chosen) })}
      >
        {chosen !== undefined && (
          <Button variant="default" onClick={() => void navigate({ to: '/imports' })}>
            {t('imports.all')}
          </Button>
        )}
        {isAllowed && answer.data.length > 0 && <Button onClick={begin}>{t('imports.new')}</Button>}
      </PageHead>
      {answer.data.length === 0 ? (
        <EmptyFace
          text={t(chosen === undefined ? 'imports.empty' : 'imports.emptyOf')}
          action={isAllowed ? { label: t('imports.new'), onClick: begin } : undefined}
        />
      ) : (
        <TableFrame label={t('imports.title')}>
          <table className={classes['table']} data-wide>
            <thead>
              <tr>
                <th>{t('imports.file')}</th>
                <th>{t('imports.stateColumn')}</th>
                <th>{t('imports.target')}</th>
                <th>{t('imports.source')}</th>
                {numbers.map((name) => (
                  <th key={name} className={classes['end']}>
                    {t(`imports.count.${name}`)}
                  </th>
                ))}
                <th>{t('imports.at')}</th>
              </tr>
            </thead>
            <tbody>
              {answer.data.map((record) => (
                <ImportLine key={record.id} record={record} source={labelOf(textOf(record, 'source'))} />
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
    </div>
  );
}

/** Every import with its state and its counts. */
export function Imports() {
  return (
    <Readable entity="import">
      <ImportList />
    </Readable>
  );
}
