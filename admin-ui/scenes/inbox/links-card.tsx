import { ActionIcon, Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconBuilding, IconUnlink, IconUser } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Problem } from '../../api/client.ts';
import { matchesQuery, useEntities } from '../../api/queries.ts';
import type { Match, RecordValue } from '../../api/types.ts';
import { addressOf } from '../../app/address.ts';
import { Card } from '../../components/card.tsx';
import { ReferenceInput } from '../../components/field/reference-input.tsx';
import { inLanguage } from '../../i18n/index.ts';
import { Dialog } from '../../components/dialog.tsx';
import { textOf } from '../../model/entities.ts';
import { pairKey } from '../../model/pairs.ts';
import { useLeadActs, type LinkTarget } from './lead-acts.ts';

const plurals: Readonly<Record<LinkTarget, string>> = { organization: 'organizations', person: 'persons' };

interface MatchRowProps {
  readonly match: Match;
  /** Where its name leads. */
  readonly to?: string | undefined;
  readonly children?: ReactNode;
}

/** A record that may be the same, why, and what can be done about it. */
export function MatchRow({ match, to, children }: MatchRowProps) {
  const { t } = useTranslation();
  const reasons = match.reasons.map((reason) => inLanguage(reason)).join(', ');
  const name = match.name ?? match.title;
  return (
    <Group justify="space-between" wrap="nowrap" gap="sm" py={4}>
      <div style={{ minWidth: 0 }}>
        <Text size="sm" fw={540} truncate>
          {to === undefined ? (
            name
          ) : (
            <Anchor component={Link} to={to} inherit>
              {name}
            </Anchor>
          )}
        </Text>
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {[t('duplicates.score', { score: match.score }), reasons, match.city, match.email]
            .filter(Boolean)
            .join(' · ')}
        </Text>
      </div>
      {children}
    </Group>
  );
}

function UseButton({ onUse }: { readonly onUse: () => void }) {
  const { t } = useTranslation();
  return (
    <Button size="compact-xs" variant="light" flex="none" onClick={onUse}>
      {t('inbox.links.use')}
    </Button>
  );
}

interface MatchesDialogProps {
  readonly matches: readonly Match[];
  readonly onUse: (match: Match) => void;
  readonly onCreate: () => void;
  readonly onClose: () => void;
}

/** Shown before a second record of the same company or person would come into being. */
function MatchesDialog({ matches, onUse, onCreate, onClose }: MatchesDialogProps) {
  const { t } = useTranslation();
  return (
    <Dialog onClose={onClose} title={t('inbox.links.matchesTitle')}>
      <Text size="sm" c="dimmed" mb="sm">
        {t('inbox.links.matchesLead')}
      </Text>
      {matches.map((match) => (
        <MatchRow key={match.id} match={match}>
          <UseButton onUse={() => onUse(match)} />
        </MatchRow>
      ))}
      <Group justify="flex-end" gap="sm" mt="md">
        <Button variant="default" data-cancel onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button onClick={onCreate}>{t('inbox.links.createAnyway')}</Button>
      </Group>
    </Dialog>
  );
}

const isMatch = (value: unknown): value is Match =>
  typeof value === 'object' && value !== null && 'id' in value && 'reasons' in value;

const matchesOf = (problem: Problem | undefined): readonly Match[] => {
  const matches = problem?.['matches'];
  return Array.isArray(matches) ? matches.filter(isMatch) : [];
};

interface LinkRowProps {
  readonly lead: RecordValue;
  readonly target: LinkTarget;
  readonly labels: Readonly<Record<string, string>>;
  readonly canEdit: boolean;
}

function Linked({ lead, target, labels, canEdit }: LinkRowProps) {
  const { t } = useTranslation();
  const acts = useLeadActs();
  const id = textOf(lead, target) ?? '';
  return (
    <>
      <Anchor component={Link} to={`/list/${plurals[target]}/${id}`} size="sm" truncate flex={1}>
        {labels[id] ?? t(`inbox.links.${target}`)}
      </Anchor>
      {canEdit && (
        <ActionIcon
          size={24}
          aria-label={`${t('inbox.links.unlink')}: ${labels[id] ?? ''}`}
          onClick={() => void acts.link(lead, target, { id: null, name: '' })}
        >
          <IconUnlink size={15} />
        </ActionIcon>
      )}
    </>
  );
}

/** Field whose content the new record gets; without it there is nothing to make one from. */
const sourceField: Readonly<Record<LinkTarget, string>> = { organization: 'company', person: 'lastName' };

function NotLinked({
  lead,
  target,
  canEdit,
  onSearch,
}: Omit<LinkRowProps, 'labels'> & { readonly onSearch: () => void }) {
  const { t } = useTranslation();
  const acts = useLeadActs();
  const known = useQuery(matchesQuery(lead.id));
  const [matches, setMatches] = useState<readonly Match[]>();
  const create = async (isForced: boolean): Promise<void> => {
    setMatches(undefined);
    const found = known.data?.[target === 'organization' ? 'organizations' : 'persons'] ?? [];
    if (!isForced && found.length > 0) return setMatches(found);
    const answered = matchesOf(await acts.create(lead, target, isForced));
    if (answered.length > 0) setMatches(answered);
  };
  const use = (match: Match): void => {
    setMatches(undefined);
    void acts.link(lead, target, { id: match.id, name: match.name ?? '' });
  };
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        disabled={!canEdit || textOf(lead, sourceField[target]) === undefined}
        onClick={() => void create(false)}
      >
        {t(target === 'organization' ? 'inbox.links.createOrganization' : 'inbox.links.createPerson')}
      </Button>
      <Button variant="subtle" size="compact-sm" disabled={!canEdit} data-link-existing={target} onClick={onSearch}>
        {t('inbox.links.linkExisting')}
      </Button>
      {matches !== undefined && (
        <MatchesDialog
          matches={matches}
          onUse={use}
          onCreate={() => void create(true)}
          onClose={() => setMatches(undefined)}
        />
      )}
    </>
  );
}

function LinkRow(props: LinkRowProps) {
  const { lead, target } = props;
  const { t } = useTranslation();
  const acts = useLeadActs();
  const linkField = useEntities().byName.get('lead')?.fields.get(target);
  const [isSearching, setSearching] = useState(false);
  const isLinked = textOf(lead, target) !== undefined;
  const TargetIcon = target === 'organization' ? IconBuilding : IconUser;
  const choose = (id: unknown): void => {
    setSearching(false);
    if (typeof id === 'string') void acts.link(lead, target, { id, name: t(`inbox.links.${target}`) });
  };
  return (
    <div>
      <Group gap="sm" wrap="nowrap" mih={32}>
        <TargetIcon size={17} stroke={1.7} aria-hidden color="var(--mantine-color-dimmed)" style={{ flex: 'none' }} />
        {isLinked ? <Linked {...props} /> : <NotLinked {...props} onSearch={() => setSearching((shown) => !shown)} />}
      </Group>
      {isSearching && !isLinked && linkField !== undefined && (
        <ReferenceInput
          field={linkField}
          value={null}
          choices={[]}
          ariaLabel={t('inbox.links.linkExisting')}
          autoFocus
          onChange={choose}
        />
      )}
    </div>
  );
}

type LinksCardProps = Omit<LinkRowProps, 'target'>;

/** Company and person of a lead: make them, find them, let go of them. */
export function LinksCard(props: LinksCardProps) {
  const { t } = useTranslation();
  return (
    <Card title={t('inbox.links.title')}>
      <Stack gap={4}>
        <LinkRow {...props} target="organization" />
        <LinkRow {...props} target="person" />
      </Stack>
    </Card>
  );
}

const mostAtOnce = 3;

/** The likeliest matches; the others on request, so that the lead itself stays in sight. */
function Likeliest({
  matches,
  row,
}: {
  readonly matches: readonly Match[];
  readonly row: (match: Match) => ReactNode;
}) {
  const { t } = useTranslation();
  const [areAllShown, setAllShown] = useState(false);
  const hidden = areAllShown ? 0 : Math.max(matches.length - mostAtOnce, 0);
  return (
    <>
      {matches.slice(0, matches.length - hidden).map(row)}
      {hidden > 0 && (
        <Button variant="subtle" size="compact-xs" onClick={() => setAllShown(true)}>
          {t('inbox.match.more', { count: hidden })}
        </Button>
      )}
    </>
  );
}

/** "Looks like ACME GmbH": known companies, persons and other leads of the same sender. */
export function MatchCard({ lead, canEdit }: { readonly lead: RecordValue; readonly canEdit: boolean }) {
  const { t } = useTranslation();
  const acts = useLeadActs();
  const { data } = useQuery(matchesQuery(lead.id));
  const organizations = textOf(lead, 'organization') === undefined ? (data?.organizations ?? []) : [];
  const persons = textOf(lead, 'person') === undefined ? (data?.persons ?? []) : [];
  const leads = data?.leads ?? [];
  if (organizations.length + persons.length + leads.length === 0) return undefined;
  const rowOf = (target: LinkTarget, match: Match): ReactNode => (
    <MatchRow key={match.id} match={match}>
      {canEdit && <UseButton onUse={() => void acts.link(lead, target, { id: match.id, name: match.name ?? '' })} />}
    </MatchRow>
  );
  const leadRow = (match: Match): ReactNode => (
    <MatchRow key={match.id} match={match} to={addressOf('lead', match.id, 'leads')}>
      <Button
        component={Link}
        to={`/duplicates?kind=lead&state=open&pair=${pairKey(lead.id, match.id)}`}
        size="compact-xs"
        variant="light"
        flex="none"
      >
        {t('inbox.match.compare')}
      </Button>
    </MatchRow>
  );
  return (
    <Card title={t('inbox.match.title')} tone="accent">
      <Likeliest matches={organizations} row={(match) => rowOf('organization', match)} />
      <Likeliest matches={persons} row={(match) => rowOf('person', match)} />
      {leads.length > 0 && (
        <Text size="xs" c="dimmed" mt={4}>
          {t('inbox.match.leads')}
        </Text>
      )}
      <Likeliest matches={leads} row={leadRow} />
    </Card>
  );
}
