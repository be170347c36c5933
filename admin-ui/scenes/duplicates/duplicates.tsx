import { Button, Group, SegmentedControl, Tabs, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { duplicatesQuery, matchesQuery, recordQuery, useEntities, useSession } from '../../api/queries.ts';
import type { DuplicatePair } from '../../api/types.ts';
import { EmptyFace, ErrorFace, ForbiddenFace, LoadingFace } from '../../components/faces.tsx';
import { inLanguage } from '../../i18n/index.ts';
import { textOf } from '../../model/entities.ts';
import { pairKey } from '../../model/pairs.ts';
import panes from '../inbox/inbox.module.css';
import { Comparison } from './comparison.tsx';
import classes from './duplicates.module.css';

const route = getRouteApi('/app/duplicates');
const kinds = ['lead', 'organization', 'person'] as const;
const states = ['open', 'distinct', 'merged'] as const;

const keyOf = ({ records: [one, other] }: DuplicatePair): string => pairKey(one.id, other.id);

function PairList({
  pairs,
  chosen,
  titleField,
  emptyText,
  onChoose,
}: {
  readonly pairs: readonly DuplicatePair[];
  readonly chosen: string | undefined;
  readonly titleField: string;
  readonly emptyText: string;
  readonly onChoose: (key: string) => void;
}) {
  const { t } = useTranslation();
  if (pairs.length === 0) return <EmptyFace text={emptyText} />;
  return (
    <ul className={classes['pairs']}>
      {pairs.map((pair) => (
        <li key={keyOf(pair)}>
          <button
            type="button"
            className={classes['pair']}
            aria-current={keyOf(pair) === chosen}
            onClick={() => onChoose(keyOf(pair))}
          >
            <Group justify="space-between" align="flex-start" wrap="nowrap" gap="sm">
              <div style={{ minWidth: 0 }}>
                {pair.records.map((record) => (
                  <Text key={record.id} size="sm" fw={560} truncate>
                    {textOf(record, titleField) ?? '–'}
                  </Text>
                ))}
              </div>
              <Text size="xs" className="lw-figures" style={{ flex: 'none' }}>
                {t('duplicates.score', { score: pair.score })}
              </Text>
            </Group>
            <Text size="xs" c="dimmed" truncate>
              {pair.reasons.map((reason) => inLanguage(reason)).join(', ')}
            </Text>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Two leads that somebody came to compare although the list does not show them: less likely ones, or of a later page. */
function useLeadPair(key: string | undefined): DuplicatePair | undefined {
  const [first = '', second = ''] = (key ?? '').split('.');
  const enabled = first !== '' && second !== '';
  const one = useQuery({ ...recordQuery('leads', first), enabled });
  const other = useQuery({ ...recordQuery('leads', second), enabled });
  const matches = useQuery({ ...matchesQuery(first), enabled });
  if (one.data === undefined || other.data === undefined || matches.data === undefined) return undefined;
  const match = matches.data.leads.find(({ id }) => id === second);
  if (match === undefined) return undefined;
  const { score, reasons } = match;
  return { state: 'open', score, reasons, decidedAt: null, decidedBy: null, records: [one.data.data, other.data.data] };
}

interface ChoiceProps {
  readonly kind: (typeof kinds)[number];
  readonly state: (typeof states)[number];
}

/** The pair that the address names. */
function useChosenPair({
  kind,
  state,
  pairs,
  key,
}: ChoiceProps & {
  readonly pairs: readonly DuplicatePair[] | undefined;
  readonly key: string | undefined;
}): DuplicatePair | undefined {
  const listed = pairs?.find((pair) => keyOf(pair) === key);
  const isBeyond = kind === 'lead' && state === 'open' && pairs !== undefined && listed === undefined;
  const beyond = useLeadPair(isBeyond ? key : undefined);
  return listed ?? beyond;
}

function Head({ kind, state }: ChoiceProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const entities = useEntities();
  const session = useSession();
  const go = (next: Partial<Record<'kind' | 'state', string>>): void =>
    void navigate({ to: '/duplicates', search: { kind, state, ...next } });
  const readable = kinds.filter((one) => session.can[one]?.['read'] !== false);
  return (
    <>
      <Group justify="space-between" px="md" pt="md" gap="sm">
        <Title order={1}>{t('duplicates.title')}</Title>
        <SegmentedControl
          size="xs"
          aria-label={t('duplicates.kinds')}
          data={readable.map((value) => ({
            value,
            label: inLanguage(entities.byName.get(value)?.pluralLabel) || value,
          }))}
          value={kind}
          onChange={(value) => go({ kind: value })}
        />
      </Group>
      <Tabs value={state} onChange={(value) => go({ state: value ?? 'open' })} px="md" pt={4} style={{ flex: 'none' }}>
        <Tabs.List>
          {states.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`duplicates.state.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
    </>
  );
}

/** Likely doubles with their reasons, side by side, to merge, to keep apart and to split again. */
export function Duplicates() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const search = route.useSearch();
  const entities = useEntities();
  const kind = kinds.find((one) => one === search.kind) ?? 'lead';
  const state = states.find((one) => one === search.state) ?? 'open';
  const model = entities.byName.get(kind);
  const answer = useInfiniteQuery(duplicatesQuery(model?.plural ?? 'leads', state));
  const pairs = answer.data?.pages.flatMap(({ data }) => data);
  const chosen = useChosenPair({ kind, state, pairs, key: search.pair });
  if (model === undefined) return <ForbiddenFace />;
  // Whoever has gone on to another list meanwhile stays there.
  const choose = (pair: string | undefined): void =>
    void navigate({ to: '/duplicates', search: (known) => ({ ...known, pair }) });
  return (
    <div className={panes['panes']} data-open={chosen !== undefined}>
      <div className={panes['list']}>
        <Head kind={kind} state={state} />
        <div className={`${classes['body']} lw-scroll`}>
          {answer.isPending && <LoadingFace />}
          {answer.isError && <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />}
          {pairs !== undefined && (
            <PairList
              pairs={pairs}
              chosen={search.pair}
              titleField={model.titleField}
              emptyText={t(state === 'open' ? 'duplicates.empty' : 'duplicates.emptyDecided')}
              onChoose={choose}
            />
          )}
          {answer.hasNextPage && (
            <Button variant="subtle" fullWidth onClick={() => void answer.fetchNextPage()}>
              {t('duplicates.more')}
            </Button>
          )}
        </div>
      </div>
      {chosen !== undefined && (
        <div className={panes['detail']}>
          <Comparison key={keyOf(chosen)} pair={chosen} model={model} onClose={() => choose(undefined)} />
        </div>
      )}
    </div>
  );
}
