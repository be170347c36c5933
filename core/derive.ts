import { companyDomain, companyKey, emailKey, personKey, phoneKey, websiteDomain } from './dedupe-keys.ts';

type Data = Readonly<Record<string, unknown>>;

const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

const keyOrNull = (value: string): string | null => (value === '' ? null : value.slice(0, 190));

const organizationKeys = (record: Data): Data => ({
  nameKey: keyOrNull(companyKey(text(record['name']))),
  phoneKey: keyOrNull(phoneKey(text(record['phone']))),
  ...(text(record['domain']) === '' && (text(record['email']) !== '' || text(record['website']) !== '')
    ? { domain: companyDomain(text(record['email'])) ?? websiteDomain(text(record['website'])) ?? null }
    : {}),
});

const personKeys = (record: Data): Data => {
  const name = [text(record['firstName']), text(record['lastName'])].filter((part) => part !== '').join(' ');
  return {
    name,
    nameKey: keyOrNull(personKey(name)),
    emailKey: keyOrNull(emailKey(text(record['email']))),
    phoneKey: keyOrNull(phoneKey(text(record['phone']))),
  };
};

/** Fields that follow from others: names, keys for finding duplicates. Applied at every write of the record. */
export function derivedFields(entity: string, record: Data): Data {
  if (entity === 'organization') return organizationKeys(record);
  if (entity === 'person') return personKeys(record);
  return {};
}

/** A title for a lead that came without one: company, else name, else address, else the message's first words. */
export function leadTitle(record: Data): string {
  const name = [text(record['firstName']), text(record['lastName'])].filter((part) => part !== '').join(' ');
  const message = text(record['message']).split('\n')[0] ?? '';
  const shortMessage = message.length > 80 ? `${message.slice(0, 77)}…` : message;
  return (
    [text(record['company']), name, shortMessage, text(record['email']), text(record['phone'])].find(
      (part) => part !== '',
    ) ?? ''
  );
}
