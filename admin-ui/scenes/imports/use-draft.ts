import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { actOnImport, changeImport, importQuery, type ImportWords } from '../../api/imports.ts';
import type { OneRecord } from '../../api/types.ts';
import { showProblem, toProblem } from '../../app/acts.tsx';

export interface Draft {
  /** Changes what is asked of the file; changes go one after the other. */
  readonly change: (words: ImportWords) => Promise<void>;
  /** Answers whether it could be done. */
  readonly act: (act: string) => Promise<boolean>;
  readonly isBusy: boolean;
}

/** Writes to one import and shows its new state at once. */
export function useDraft(id: string): Draft {
  const { t } = useTranslation();
  const client = useQueryClient();
  const last = useRef<Promise<unknown>>(Promise.resolve());
  const [waiting, setWaiting] = useState(0);
  const write = async (work: () => Promise<OneRecord>): Promise<boolean> => {
    setWaiting((count) => count + 1);
    const turn = last.current.then(work);
    last.current = turn.catch(() => undefined);
    try {
      client.setQueryData(importQuery(id).queryKey, await turn);
      return true;
    } catch (error) {
      showProblem(toProblem(error), t('error.title'));
      void client.invalidateQueries({ queryKey: importQuery(id).queryKey });
      return false;
    } finally {
      setWaiting((count) => count - 1);
      void client.invalidateQueries({ queryKey: ['list', 'imports'] });
    }
  };
  return {
    change: async (words) => void (await write(async () => await changeImport(id, words))),
    act: async (act) => await write(async () => await actOnImport(id, act)),
    isBusy: waiting > 0,
  };
}
