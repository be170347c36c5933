/** Address of a record, wherever its kind has its page. */
export function addressOf(entity: string, id: string, plural: string): string {
  if (entity === 'lead') return `/inbox?view=all&id=${id}`;
  if (entity === 'intake-message') return `/received?id=${id}`;
  if (entity === 'source') return `/received?filter=${encodeURIComponent(`source = "${id}"`)}`;
  if (entity === 'import') return `/imports/${id}`;
  return `/list/${plural}/${id}`;
}
