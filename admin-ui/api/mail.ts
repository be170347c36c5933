import { queryOptions } from '@tanstack/react-query';
import { read } from './client.ts';
import type { Mail, MailProposals } from './types.ts';

/** What a mail says; `path` is that of the message or of the timeline's entry. */
export const mailQuery = (path: string) =>
  queryOptions({ queryKey: ['mail', path], staleTime: 60_000, queryFn: async () => await read<Mail>(`${path}/mail`) });

export const proposalsQuery = (id: string) =>
  queryOptions({
    queryKey: ['mail', 'proposals', id],
    queryFn: async () => await read<MailProposals>(`/intake-messages/${id}/proposals`),
  });

export const mailAddressQuery = queryOptions({
  queryKey: ['mail', 'address'],
  queryFn: async () => await read<{ readonly address: string | null }>('/me/mail-address'),
});
