import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { request } from '../../api/client.ts';
import type { Matches, RecordValue } from '../../api/types.ts';
import { Card } from '../../components/card.tsx';
import { CreateDialog } from '../../components/create-dialog.tsx';
import { MatchRow } from './links-card.tsx';

const asked = [
  'title',
  'company',
  'firstName',
  'lastName',
  'email',
  'phone',
  'message',
  'source',
  'budget',
  'priority',
  'owner',
];
const compared = ['company', 'email', 'phone', 'firstName', 'lastName'];

/** Warns while the form is filled in, before anything is made. */
function KnownContacts({ values }: { readonly values: Readonly<Record<string, unknown>> }) {
  const { t } = useTranslation();
  const entered = Object.fromEntries(
    compared.flatMap((name) => {
      const value = values[name];
      return typeof value === 'string' && value.length > 2 ? [[name, value]] : [];
    }),
  );
  const [body] = useDebouncedValue(JSON.stringify(entered), 250);
  const { data } = useQuery({
    queryKey: ['matches', 'new', body],
    enabled: body !== '{}',
    placeholderData: keepPreviousData,
    queryFn: async () =>
      (await request<{ data: Matches }>('POST', '/matches', { body: JSON.parse(body) as unknown })).body.data,
  });
  const found = body === '{}' ? [] : [...(data?.organizations ?? []), ...(data?.persons ?? []), ...(data?.leads ?? [])];
  if (found.length === 0) return undefined;
  return (
    <Card title={t('inbox.match.title')} tone="accent">
      {found.slice(0, 4).map((match) => (
        <MatchRow key={match.id} match={match} />
      ))}
    </Card>
  );
}

interface NewLeadProps {
  readonly onClose: () => void;
  readonly onCreated: (record: RecordValue) => void;
}

export function NewLead({ onClose, onCreated }: NewLeadProps) {
  return <CreateDialog entity="lead" only={asked} onClose={onClose} onCreated={onCreated} hint={KnownContacts} />;
}
