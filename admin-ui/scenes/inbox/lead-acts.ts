import { useTranslation } from 'react-i18next';
import { useUsers } from '../../api/queries.ts';
import type { Problem } from '../../api/client.ts';
import type { RecordValue, Stage, Written } from '../../api/types.ts';
import { useActs } from '../../app/acts.tsx';
import { currentLanguage, inLanguage } from '../../i18n/index.ts';
import { formatSoon } from '../../model/format.ts';
import { textOf } from '../../model/entities.ts';

export type LinkTarget = 'organization' | 'person';

export interface ConvertInput {
  readonly title: string;
  readonly kind: string;
  /** Takes company and person along: links those that certainly exist, makes the others. */
  readonly createContacts: boolean;
  /** Makes them although similar ones exist, which the person has seen. */
  readonly force: boolean;
}

/** Everything a person can do with a lead; each answers true when it was done. */
export interface LeadActs {
  readonly accept: (lead: RecordValue) => Promise<boolean>;
  readonly assign: (lead: RecordValue, owner: string | null) => Promise<boolean>;
  /** What the stage requires and the lead does not have is handed to `onMissing`. */
  readonly move: (
    lead: RecordValue,
    to: { readonly stage: Stage; readonly isLast: boolean },
    onMissing: (problem: Problem) => void,
  ) => Promise<boolean>;
  readonly setPriority: (lead: RecordValue, priority: string | null) => Promise<boolean>;
  readonly archive: (lead: RecordValue, reason: string) => Promise<boolean>;
  readonly unarchive: (lead: RecordValue) => Promise<boolean>;
  readonly snooze: (lead: RecordValue, until: string) => Promise<boolean>;
  readonly link: (
    lead: RecordValue,
    target: LinkTarget,
    to: { readonly id: string | null; readonly name: string },
  ) => Promise<boolean>;
  readonly create: (lead: RecordValue, target: LinkTarget, isForced: boolean) => Promise<Problem | undefined>;
  readonly convert: (lead: RecordValue, input: ConvertInput) => Promise<boolean>;
}

const opportunityOf = (written: Written | undefined): RecordValue | undefined => {
  if (written === undefined || !('opportunity' in written)) return undefined;
  const value: unknown = written.opportunity;
  return typeof value === 'object' && value !== null && 'id' in value ? (value as RecordValue) : undefined;
};

export function useLeadActs(): LeadActs {
  const { t } = useTranslation();
  const { run } = useActs();
  const users = useUsers();
  const title = (lead: RecordValue): string => textOf(lead, 'title') ?? '';
  const act = async (path: string, body: unknown, done: string): Promise<boolean> =>
    (await run([{ path, body }], { done })) !== undefined;
  const at = (lead: RecordValue, name: string): string => `/leads/${lead.id}/${name}`;

  return {
    accept: async (lead) => await act(at(lead, 'accept'), {}, t('inbox.accepted', { title: title(lead) })),
    assign: async (lead, owner) => {
      const name = users.find((one) => one.id === owner)?.name;
      return await act(
        at(lead, 'assign'),
        { owner },
        name === undefined ? t('inbox.unassigned') : t('inbox.assigned', { name }),
      );
    },
    move: async (lead, { stage, isLast }, onMissing) => {
      const done = isLast ? t('inbox.lastStage') : t('inbox.moved', { stage: inLanguage(stage.label) });
      const onProblem = (problem: Problem): boolean => {
        const { errors = [] } = problem;
        // A stage that the lead's revision does not have is nothing that could be filled in.
        const isMissing =
          problem.code === 'InvalidInput' && errors.length > 0 && errors.every(({ path }) => path !== '/stage');
        if (isMissing) onMissing(problem);
        return isMissing;
      };
      return (await run([{ path: at(lead, 'move'), body: { stage: stage.key } }], { done, onProblem })) !== undefined;
    },
    setPriority: async (lead, priority) =>
      (await run([{ method: 'PATCH', path: `/leads/${lead.id}`, body: { priority } }], { done: t('common.saved') })) !==
      undefined,
    archive: async (lead, reason) =>
      await act(at(lead, 'archive'), { reason }, t('inbox.archived', { title: title(lead) })),
    unarchive: async (lead) => await act(at(lead, 'unarchive'), {}, t('inbox.unarchived')),
    snooze: async (lead, until) =>
      await act(at(lead, 'snooze'), { until }, t('inbox.snoozed', { until: formatSoon(until, currentLanguage()) })),
    link: async (lead, target, { id, name }) =>
      await act(
        at(lead, 'link'),
        { [target]: id },
        id === null ? t('inbox.links.unlink') : t('inbox.linked', { name }),
      ),
    create: async (lead, target, isForced) => {
      let problem: Problem | undefined;
      const name =
        target === 'organization'
          ? (textOf(lead, 'company') ?? '')
          : [textOf(lead, 'firstName'), textOf(lead, 'lastName')].filter((part) => part !== undefined).join(' ');
      await run([{ path: `/leads/${lead.id}/create-${target}`, body: { force: isForced } }], {
        done: t(`inbox.links.${target}Created`, { name }),
        onProblem: (answered) => {
          problem = answered;
          return Array.isArray(answered['matches']);
        },
      });
      return problem;
    },
    convert: async (lead, input) => {
      const done = ([written]: readonly Written[]): string => {
        const opportunity = opportunityOf(written);
        const name =
          opportunity === undefined ? undefined : (textOf(opportunity, 'number') ?? textOf(opportunity, 'title'));
        return t('inbox.converted', { number: name ?? '' });
      };
      return (await run([{ path: `/leads/${lead.id}/convert`, body: input }], { done, canUndo: false })) !== undefined;
    },
  };
}
