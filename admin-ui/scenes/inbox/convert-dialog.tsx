import { Alert, Button, Checkbox, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { matchesQuery, useSession } from '../../api/queries.ts';
import type { Match, Matches, RecordValue } from '../../api/types.ts';
import { Dialog } from '../../components/dialog.tsx';
import { textOf } from '../../model/entities.ts';
import type { DialogProps } from './dialogs.tsx';
import type { ConvertInput, LinkTarget } from './lead-acts.ts';

interface ConvertDialogProps extends DialogProps {
  readonly lead: RecordValue;
  readonly onConvert: (input: ConvertInput) => void;
}

/** A company or person that the lead names and is not linked with yet. */
interface Contact {
  readonly target: LinkTarget;
  readonly name: string;
  /** The likeliest of those that there are. */
  readonly match: Match | undefined;
}

const nameOf = (lead: RecordValue, target: LinkTarget): string | undefined => {
  if (target === 'organization') return textOf(lead, 'company');
  const lastName = textOf(lead, 'lastName');
  return lastName === undefined ? undefined : [textOf(lead, 'firstName'), lastName].filter(Boolean).join(' ');
};

const contactsOf = (lead: RecordValue, matches: Matches | undefined): Contact[] =>
  (['organization', 'person'] as const).flatMap((target) => {
    const name = nameOf(lead, target);
    if (name === undefined || textOf(lead, target) !== undefined) return [];
    const found = (target === 'organization' ? matches?.organizations : matches?.persons) ?? [];
    return [{ target, name, match: found.find((match) => match.certain) ?? found[0] }];
  });

const isDoubtful = ({ match }: Contact): boolean => match !== undefined && !match.certain;

/** What becomes of a contact when it is taken along. */
function ContactLine({ contact }: { readonly contact: Contact }) {
  const { t } = useTranslation();
  const { target, name, match } = contact;
  const kind = match === undefined ? 'New' : match.certain ? 'Known' : 'Like';
  return (
    <Text component="span" size="xs" display="block">
      {t(`inbox.convertDialog.${target}${kind}`, { name, match: match?.name ?? '' })}
    </Text>
  );
}

export function ConvertDialog({ lead, onClose, onConvert }: ConvertDialogProps) {
  const { t } = useTranslation();
  const { can } = useSession();
  const [title, setTitle] = useState(textOf(lead, 'title') ?? '');
  const [kind, setKind] = useState('lead');
  const { data: matches, isPending } = useQuery(matchesQuery(lead.id));
  const contacts = contactsOf(lead, matches).filter(({ target }) => can[target]?.['create'] !== false);
  const isInDoubt = contacts.some(isDoubtful);
  const [wish, setWish] = useState<boolean>();
  const createContacts = contacts.length > 0 && (wish ?? !isInDoubt);
  const hasContact = textOf(lead, 'organization') !== undefined || textOf(lead, 'person') !== undefined;
  return (
    <Dialog onClose={onClose} title={t('inbox.convertDialog.title')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onConvert({ title, kind, createContacts, force: createContacts && isInDoubt });
          onClose();
        }}
      >
        <Stack gap="md">
          <Text size="sm" c="dimmed">
            {t('inbox.convertDialog.lead')}
          </Text>
          <TextInput
            data-autofocus
            label={t('inbox.convertDialog.name')}
            required
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
          <SegmentedControl
            aria-label={t('inbox.convertDialog.kind')}
            value={kind}
            onChange={setKind}
            data={[
              { value: 'lead', label: t('inbox.convertDialog.lead_') },
              { value: 'deal', label: t('inbox.convertDialog.deal') },
            ]}
          />
          {contacts.length > 0 && (
            <Checkbox
              checked={createContacts}
              onChange={(event) => setWish(event.currentTarget.checked)}
              label={t('inbox.convertDialog.createContacts')}
              description={contacts.map((contact) => (
                <ContactLine key={contact.target} contact={contact} />
              ))}
            />
          )}
          {!hasContact && !createContacts && (
            <Alert color="yellow" variant="light" c="var(--mantine-color-text)">
              {t('inbox.convertDialog.noContact')}
            </Alert>
          )}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" data-cancel onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" disabled={isPending}>
              {t('inbox.convertDialog.submit')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
