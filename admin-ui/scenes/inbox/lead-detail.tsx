import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { recordQuery, useEntities, useSession } from '../../api/queries.ts';
import { useActs } from '../../app/acts.tsx';
import { ActivitiesCard } from '../../components/activities-card.tsx';
import { Card } from '../../components/card.tsx';
import { ErrorFace, LoadingFace } from '../../components/faces.tsx';
import { RecordForm } from '../../components/field/record-form.tsx';
import { Timeline } from '../../components/timeline.tsx';
import type { LeadCommands } from './inbox.tsx';
import classes from './lead-detail.module.css';
import { LeadHead } from './lead-head.tsx';
import { LinksCard, MatchCard } from './links-card.tsx';
import { OriginalCard } from './original-card.tsx';
import { ProcessCard } from './process-card.tsx';

interface LeadDetailProps {
  readonly id: string;
  readonly commands: LeadCommands;
  readonly onClose: () => void;
}

/** Shown in the head or in cards of their own. */
const shownElsewhere = new Set([
  'additional',
  'organization',
  'person',
  'opportunity',
  'intakeMessage',
  'owner',
  'priority',
  'stage',
  'stageSince',
  'pipeline',
  'pipelineRevision',
  'state',
  'snoozedUntil',
  'archiveReason',
  'id',
  'version',
  'updatedBy',
  'createdBy',
]);

/** One lead: its fields beside what the sender wrote, what is planned and what happened. */
export function LeadDetail({ id, commands, onClose }: LeadDetailProps) {
  const { t } = useTranslation();
  const { run } = useActs();
  const can = useSession().can['lead'] ?? {};
  const model = useEntities().byName.get('lead');
  const answer = useQuery(recordQuery('leads', id, 'owner,organization,person,opportunity'));
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined || model === undefined) return <LoadingFace rows={10} />;
  const { data: lead, _labels: labels = {} } = answer.data;
  // A converted lead still takes contacts on: its opportunity gets them as well.
  const canLink = can['update'] !== false && (lead['state'] === 'open' || lead['state'] === 'converted');
  const note = async (text: string, noteType: string | null): Promise<boolean> => {
    const body = noteType === null ? { text } : { text, noteType };
    return (await run([{ path: `/leads/${id}/note`, body }], { done: t('timeline.saved') })) !== undefined;
  };
  return (
    <div className={classes['detail']}>
      <LeadHead lead={lead} commands={commands} onClose={onClose} />
      <div className={`${classes['scroll']} lw-scroll`} tabIndex={-1}>
        <div className={classes['columns']}>
          <div className={classes['column']}>
            <MatchCard lead={lead} canEdit={canLink} />
            <Card title={t('inbox.fields')} isTitleHidden>
              <RecordForm model={model} record={lead} labels={labels} without={shownElsewhere} />
            </Card>
          </div>
          <div className={classes['column']}>
            <OriginalCard lead={lead} />
            <LinksCard lead={lead} labels={labels} canEdit={canLink} />
            <ActivitiesCard link="lead" id={id} />
            <ProcessCard id={id} isOpen={lead['state'] === 'open'} />
          </div>
          <div className={classes['wide']}>
            <Timeline entity="lead" record={lead} onNote={can['note'] === false ? undefined : note} />
          </div>
        </div>
      </div>
    </div>
  );
}
