import { describe, expect, it } from 'vitest';
import { toRemoteParts } from '../../server/remote-parts.ts';
import type { PartHealth } from '../../server/services.ts';
import type { PartReport } from '../../store/part-reports.ts';

const now = new Date('2026-11-29T12:00:00.000Z');
const ago = (seconds: number): string => new Date(now.getTime() - seconds * 1000).toISOString();
const startedAt = ago(3600);

const report = (name: string, secondsAgo: number, part: Partial<PartHealth> = {}): PartReport => ({
  name,
  at: ago(secondsAgo),
  part: { state: 'ready', since: ago(600), number: 7, unit: 'things', ...part },
});

const partsOf = (
  reports: readonly PartReport[],
  heard: readonly (readonly [name: string, at: string])[] = [],
): Readonly<Record<string, PartHealth>> => {
  const last = new Map<string, string>();
  for (const [name, at] of [...reports.map((one) => [one.name, one.at] as const), ...heard])
    if (at > (last.get(name) ?? '')) last.set(name, at);
  return toRemoteParts(reports, { now, startedAt, heard: last });
};

describe('parts that other processes report', () => {
  it('are shown as reported, with all their figures', () => {
    const relay = { ratePerSecond: 12.5, expectedEndAt: ago(-60), lanes: { interactive: 1 }, isStandby: false };

    expect(partsOf([report('relay', 3, relay)])['relay']).toEqual({
      state: 'ready',
      since: ago(600),
      number: 7,
      unit: 'things',
      ...relay,
    });
  });

  it('are down after 20 seconds of silence, say since when, and their pace counts no more', () => {
    const { relay } = partsOf([report('relay', 20, { ratePerSecond: 5 })]);
    const silent = partsOf([report('relay', 21, { ratePerSecond: 5 })])['relay'];

    expect(relay?.state).toBe('ready');
    expect(silent).toMatchObject({ state: 'down', since: ago(21), number: 7, unit: 'things' });
    expect(silent?.['texts']).toEqual({
      de: expect.stringContaining('Seit 2026-11-29 11:59:39 UTC') as string,
      en: expect.stringContaining('since 2026-11-29 11:59:39 UTC') as string,
    });
    expect(silent).not.toHaveProperty('ratePerSecond');
  });

  it('are what the freshest one says that works, in whatever order they come', () => {
    const reports = [
      report('worker', 1, { state: 'down', number: 1 }),
      report('worker', 4, { number: 2 }),
      report('worker', 2, { number: 3 }),
      report('worker', 90, { number: 4 }),
    ];

    for (const shuffled of [reports, reports.toReversed()]) expect(partsOf(shuffled)['worker']?.number).toBe(3);
  });

  it('are what the one says that has the duty, not who stands by, unless it cannot do it', () => {
    const standby = report('imap', 1, { number: 0, isStandby: true });

    expect(partsOf([standby, report('imap', 4)])['imap']?.number).toBe(7);
    expect(partsOf([standby, report('imap', 4, { state: 'degraded' })])['imap']?.state).toBe('degraded');
    expect(partsOf([standby, report('imap', 4, { state: 'down' })])['imap']?.['isStandby']).toBe(true);
    expect(partsOf([standby, report('imap', 40)])['imap']?.['isStandby']).toBe(true);
  });

  it('say of worker and relay that nobody has reported them yet, and of no other part', () => {
    const parts = partsOf([]);

    expect(Object.keys(parts).toSorted()).toEqual(['relay', 'worker']);
    expect(parts['worker']).toMatchObject({ state: 'down', since: startedAt });
    expect(parts['worker']?.text).toBe('No worker process has reported yet.');
    expect(parts['relay']?.text).toBe('No worker process has reported a relay yet.');
  });

  it('are gone when the last process that reported them has taken that back, whoever died before it', () => {
    const { worker, filing } = partsOf(
      [report('worker', 300), report('filing', 300)],
      [
        ['worker', ago(9)],
        ['filing', ago(9)],
      ],
    );

    expect(worker).toMatchObject({ state: 'down', since: ago(9), text: 'No worker process reports any more.' });
    expect(filing).toBeUndefined();
  });
});
