import { Button, Group } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconDownload, IconPlus } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { queryString } from '../../api/client.ts';
import { useSession } from '../../api/queries.ts';
import type { RecordValue } from '../../api/types.ts';
import { joinFilters } from '../../app/search.ts';
import { ListPane } from '../../components/list-pane.tsx';
import { Readable } from '../../components/readable.tsx';
import { inboxList } from '../../app/prefetch.ts';
import { useKeys } from '../../components/use-keys.ts';
import { useListPage, type ListPage } from '../../components/use-list-page.ts';
import { ConvertDialog } from './convert-dialog.tsx';
import { ArchiveDialog, SnoozeDialog } from './dialogs.tsx';
import classes from './inbox.module.css';
import { useLeadActs } from './lead-acts.ts';
import { LeadDetail } from './lead-detail.tsx';
import { useLeadColumns } from './lead-list.tsx';
import { NewLead } from './new-lead.tsx';

const route = getRouteApi('/app/inbox');

/** What the keys and the buttons of the open lead do. */
export interface LeadCommands {
  readonly accept: () => void;
  readonly convert: () => void;
  readonly archive: () => void;
  readonly snooze: () => void;
  readonly link: () => void;
}

type Dialog = 'archive' | 'snooze' | 'convert' | 'new';

const focusOn = (selector: string): void => {
  document.querySelector<HTMLElement>(selector)?.focus();
};

interface DialogsProps {
  readonly dialog: Dialog | undefined;
  readonly lead: RecordValue | undefined;
  readonly onClose: () => void;
  readonly onCreated: (record: RecordValue) => void;
  readonly andNext: (isDone: Promise<boolean>) => Promise<void>;
}

function Dialogs({ dialog, lead, onClose, onCreated, andNext }: DialogsProps) {
  const acts = useLeadActs();
  if (dialog === 'new') return <NewLead onClose={onClose} onCreated={onCreated} />;
  if (dialog === undefined || lead === undefined) return undefined;
  switch (dialog) {
    case 'archive':
      return <ArchiveDialog onClose={onClose} onArchive={(reason) => void andNext(acts.archive(lead, reason))} />;
    case 'snooze':
      return <SnoozeDialog onClose={onClose} onSnooze={(until) => void andNext(acts.snooze(lead, until))} />;
    case 'convert':
      return <ConvertDialog lead={lead} onClose={onClose} onConvert={(input) => void acts.convert(lead, input)} />;
  }
}

interface Triage {
  readonly commands: LeadCommands;
  readonly andNext: (isDone: Promise<boolean>) => Promise<void>;
}

/** Keys of the inbox: move through the list and deal with the open lead without the mouse. */
function useTriage(page: ListPage, setDialog: (dialog: Dialog) => void): Triage {
  const { rows, open, openRecord: lead } = page;
  const acts = useLeadActs();
  const can = useSession().can['lead'] ?? {};
  const at = rows.findIndex((row) => row.id === page.search.id);
  const step = (by: number): void => {
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next !== undefined) open(next.id);
  };
  /** After a lead is dealt with, the next one comes up by itself. */
  const andNext = async (isDone: Promise<boolean>): Promise<void> => {
    const next = rows[at + 1] ?? rows[at - 1];
    if ((await isDone) && at >= 0) open(next?.id);
  };
  /** Only on an open lead, and only what this person may do. */
  const onOpen = (act: string, work: (record: RecordValue) => void) => (): void => {
    if (lead !== undefined && lead['state'] === 'open' && can[act] !== false) work(lead);
  };
  const commands: LeadCommands = {
    accept: onOpen('accept', (record) => void andNext(acts.accept(record))),
    convert: onOpen('convert', () => setDialog('convert')),
    archive: onOpen('archive', () => setDialog('archive')),
    snooze: onOpen('snooze', () => setDialog('snooze')),
    link: onOpen('link', () => focusOn('[data-link-existing]')),
  };
  useKeys({
    J: () => step(1),
    K: () => step(-1),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    A: commands.accept,
    C: commands.convert,
    X: commands.archive,
    S: commands.snooze,
    L: commands.link,
    N: () => focusOn('[data-note]'),
    Escape: () => open(undefined),
  });
  return { commands, andNext };
}

function Actions({
  page,
  isCondensed,
  onNew,
}: {
  readonly page: ListPage;
  readonly isCondensed: boolean;
  readonly onNew: () => void;
}) {
  const { t } = useTranslation();
  const session = useSession();
  const { search, view } = page;
  const csv = `/api/v1/leads.csv${queryString({ filter: joinFilters(search, view?.filter), sort: search.sort, q: search.q })}`;
  return (
    <Group gap={4} wrap="nowrap">
      {!isCondensed && (
        <Button
          component="a"
          href={csv}
          variant="subtle"
          color="gray"
          leftSection={<IconDownload size={15} />}
          visibleFrom="md"
        >
          CSV
        </Button>
      )}
      {session.can['lead']?.['create'] !== false && (
        <Button leftSection={<IconPlus size={15} />} onClick={onNew}>
          {isCondensed ? t('common.new') : t('inbox.add')}
        </Button>
      )}
    </Group>
  );
}

function Panes() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const page = useListPage({ entity: 'lead', search, ...inboxList });
  const { open } = page;
  const [dialog, setDialog] = useState<Dialog | undefined>(search.new === 'lead' ? 'new' : undefined);
  const isNarrow = useMediaQuery('(max-width: 900px)', false, { getInitialValueInEffect: false });
  const isCondensed = isNarrow || search.id !== undefined;
  const columns = useLeadColumns(isNarrow ? 'phone' : isCondensed ? 'condensed' : 'full');
  const { commands, andNext } = useTriage(page, setDialog);
  return (
    <div className={classes['panes']} data-open={search.id !== undefined}>
      <div className={classes['list']}>
        <ListPane
          page={page}
          columns={columns}
          isCondensed={isCondensed}
          emptyText={t('inbox.empty')}
          bulk={['accept', 'assign', 'archive']}
          actions={<Actions page={page} isCondensed={isCondensed} onNew={() => setDialog('new')} />}
        />
      </div>
      {search.id !== undefined && (
        <div className={classes['detail']} key={search.id}>
          <LeadDetail id={search.id} commands={commands} onClose={() => open(undefined)} />
        </div>
      )}
      <Dialogs
        dialog={dialog}
        lead={page.openRecord}
        onClose={() => setDialog(undefined)}
        onCreated={(record) => open(record.id)}
        andNext={andNext}
      />
    </div>
  );
}

/** Leads in three panes: views (in the navigation), list, and the open lead; all of it workable from the keyboard. */
export function Inbox() {
  return (
    <Readable entity="lead">
      <Panes />
    </Readable>
  );
}
