import { Button, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { createContext, use, useMemo, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { messageOf } from '../../core/errors.ts';
import { applyRecord, refreshAround } from '../api/cache.ts';
import { ApiError, request, type Problem } from '../api/client.ts';
import type { Written } from '../api/types.ts';
import { useKeys } from '../components/use-keys.ts';

interface Act {
  readonly method?: 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** Version that the write must still find. */
  readonly ifMatch?: number;
}

interface ActOptions {
  /** Sentence of the toast; none = silent. */
  readonly done?: string | ((written: readonly Written[]) => string);
  /** Answers true when the caller has dealt with the problem itself. */
  readonly onProblem?: (problem: Problem) => boolean;
  /** False for acts that `commands/undoWrite.ts` does not take back. */
  readonly canUndo?: boolean;
}

/** Does one or more writes in their order, tells the person, and can take them back. */
export type RunActs = (acts: readonly Act[], options?: ActOptions) => Promise<readonly Written[] | undefined>;

/** Numbers of the writes that belong together, in their order. */
type Done = readonly number[];

const toastOf = (entry: Done): string => `act-${entry.join('-')}`;

interface Acts {
  readonly run: RunActs;
}

const ActsContext = createContext<Acts | undefined>(undefined);

/** What went wrong, field by field, with the id that support can look up. */
export function ProblemText({ problem }: { readonly problem: Problem }) {
  const { t } = useTranslation();
  const text = problem.status === 0 ? t('error.offline') : (problem.detail ?? problem.title);
  return (
    <Stack gap={4}>
      <Text size="sm">{text}</Text>
      {(problem.errors ?? []).map((issue) => (
        <Text key={`${issue.path}${issue.message}`} size="sm">
          {issue.message}
        </Text>
      ))}
      {problem.requestId !== undefined && (
        <Text size="xs" c="dimmed">
          {t('error.requestId', { id: problem.requestId })}
        </Text>
      )}
    </Stack>
  );
}

export function showProblem(problem: Problem, title: string): void {
  notifications.show({ color: 'red', title, message: <ProblemText problem={problem} />, autoClose: 10_000 });
}

export function toProblem(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return { title: messageOf(error), status: 500, code: 'Internal' };
}

/** Lets every page write; the key Z takes the last act back, on whichever page it was done. */
export function ActsProvider({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const done = useRef<Done[]>([]);

  const acts = useMemo((): Acts & { readonly undoLast: () => Promise<void> } => {
    const undo = async (entry: Done): Promise<void> => {
      done.current = done.current.filter((one) => one !== entry);
      notifications.hide(toastOf(entry));
      try {
        for (const event of entry.toReversed()) await request('POST', '/undo', { body: { event } });
        notifications.show({ message: t('common.undone') });
      } catch (error) {
        showProblem(toProblem(error), t('common.undoFailed'));
      }
      await client.invalidateQueries({
        predicate: (query) => query.queryKey[0] !== 'me' && query.queryKey[0] !== 'schemas',
      });
    };
    const toast = (message: string, entry: Done | undefined): void => {
      const button = entry !== undefined && (
        <Button size="compact-xs" variant="light" onClick={() => void undo(entry)}>
          {t('common.undo')}
        </Button>
      );
      const text = <Text size="sm">{message}</Text>;
      notifications.show({
        ...(entry === undefined ? {} : { id: toastOf(entry) }),
        autoClose: 7000,
        message: (
          <Group justify="space-between">
            {text}
            {button}
          </Group>
        ),
      });
    };
    const perform = async (list: readonly Act[]): Promise<Written[]> => {
      const written: Written[] = [];
      for (const act of list) {
        const answer = await request<Written>(act.method ?? 'POST', act.path, {
          body: act.body ?? {},
          ...(act.ifMatch === undefined ? {} : { ifMatch: act.ifMatch }),
        });
        if (answer.body === undefined) continue;
        written.push(answer.body);
        applyRecord(client, act.path.split('/')[1] ?? '', answer.body.data);
      }
      return written;
    };
    return {
      run: async (list, options = {}) => {
        try {
          const written = await perform(list);
          // A write that changed nothing has no number: there is nothing to take back.
          const events = written.flatMap((one) => (one.event === undefined || one.event === 0 ? [] : [one.event]));
          const entry: Done | undefined = events.length === 0 || options.canUndo === false ? undefined : events;
          if (entry !== undefined) done.current.push(entry);
          const { done: sentence } = options;
          if (sentence !== undefined) toast(typeof sentence === 'string' ? sentence : sentence(written), entry);
          return written;
        } catch (error) {
          const problem = toProblem(error);
          if (options.onProblem?.(problem) !== true) showProblem(problem, t('error.title'));
          return undefined;
        } finally {
          refreshAround(client);
        }
      },
      undoLast: async () => {
        const last = done.current.at(-1);
        if (last !== undefined) await undo(last);
      },
    };
  }, [client, t]);

  useKeys({ Z: () => void acts.undoLast() });

  return <ActsContext value={acts}>{children}</ActsContext>;
}

export function useActs(): Acts {
  const acts = use(ActsContext);
  if (acts === undefined) throw new Error('useActs needs ActsProvider above it');
  return acts;
}
