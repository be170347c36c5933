import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { actOnImport, changeImport, importQuery, type ImportWords } from '../../api/imports.ts';
import type { OneRecord } from '../../api/types.ts';
import { showProblem, toProblem } from '../../app/acts.tsx';

export interface Draft {
  /** Changes what is asked of the file; changes go one after the other. What is said against one is shown. */
  readonly change: (words: ImportWords) => Promise<void>;
  /** As `change`; throws what is said against it. */
  readonly save: (words: ImportWords) => Promise<void>;
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
  const write = async (work: () => Promise<OneRecord>): Promise<void> => {
    setWaiting((count) => count + 1);
    const turn = last.current.then(work);
    last.current = turn.catch(() => undefined);
    try {
      client.setQueryData(importQuery(id).queryKey, await turn);
    } catch (error) {
      void client.invalidateQueries({ queryKey: importQuery(id).queryKey });
      throw error;
    } finally {
      setWaiting((count) => count - 1);
      void client.invalidateQueries({ queryKey: ['list', 'imports'] });
    }
  };
  const isWritten = async (written: Promise<void>): Promise<boolean> => {
    try {
      await written;
      return true;
    } catch (error) {
      showProblem(toProblem(error), t('error.title'));
      return false;
    }
  };
  const save = async (words: ImportWords): Promise<void> => await write(async () => await changeImport(id, words));
  return {
    change: async (words) => void (await isWritten(save(words))),
    save,
    act: async (act) => await isWritten(write(async () => await actOnImport(id, act))),
    isBusy: waiting > 0,
  };
}
