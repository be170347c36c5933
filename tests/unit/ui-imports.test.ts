import { describe, expect, it } from 'vitest';
import {
  columnOf,
  expectedEnd,
  expectedStart,
  fromValueMap,
  progressOf,
  brokenLines,
  toValueMap,
  withColumn,
} from '../../admin-ui/model/imports.ts';
import { columnPath } from '../../core/mapping-path.ts';
import type { Mapping } from '../../core/mapping.ts';

describe('the mapping of a column', () => {
  const mapping: Mapping = {
    unmapped: 'additional',
    rows: [
      { from: columnPath('Vorname'), to: 'firstName' },
      { from: ['Straße', 'Nr'], to: 'street' },
      { from: columnPath('Ort (privat)'), to: 'city' },
    ],
  };

  it('is replaced where it stands, and others stay as they are', () => {
    const changed = withColumn(mapping, 'Vorname', [{ from: columnPath('Vorname'), to: 'title' }]);
    expect(changed.rows.map(({ to }) => to)).toEqual(['title', 'street', 'city']);
    expect(withColumn(mapping, 'Ort (privat)', []).rows.map(({ to }) => to)).toEqual(['firstName', 'street']);
    expect(withColumn(mapping, 'PLZ', [{ from: columnPath('PLZ'), to: 'postalCode' }]).rows).toHaveLength(4);
  });

  it('takes a field away from the column that had it', () => {
    const changed = withColumn(mapping, 'Rufname', [{ from: columnPath('Rufname'), to: 'firstName' }]);
    expect(changed.rows.map((row) => [columnOf(row), row.to])).toEqual([
      [undefined, 'street'],
      ['Ort (privat)', 'city'],
      ['Rufname', 'firstName'],
    ]);
  });

  it('has values as people write them', () => {
    expect(toValueMap('A = hoch\n B=normal \n\nohne\n= x\n* = ')).toEqual({ A: 'hoch', B: 'normal', '*': '' });
    expect(toValueMap('ohne')).toBeUndefined();
    expect(brokenLines('A = hoch\n B=\n\nohne\n= x\n* = ')).toEqual(['ohne', '= x']);
    expect(fromValueMap({ A: 'hoch', '*': 1 })).toBe('A = hoch\n* = 1');
  });
});

describe('how far an import is', () => {
  const record = { id: 'x', version: 1, read: 250, expected: 1_000, startedAt: '2026-11-24T10:00:00.000Z' };

  it('is judged by how fast it went', () => {
    expect(progressOf(record)).toBe(0.25);
    expect(expectedEnd(record, new Date('2026-11-24T10:00:10Z'))?.toISOString()).toBe('2026-11-24T10:00:40.000Z');
  });

  it('also tells when the processes behind its records will have begun', () => {
    const made = { ...record, created: 200, updated: 50 };
    expect(expectedStart(made, 200, new Date('2026-11-24T10:00:10Z'))?.toISOString()).toBe('2026-11-24T10:00:50.000Z');
    expect(expectedStart(made, 0, new Date())).toBeUndefined();
    expect(expectedStart(made, 250, new Date())).toBeUndefined();
  });

  it('says nothing where nothing is known', () => {
    expect(progressOf({ ...record, expected: 0 })).toBeUndefined();
    expect(expectedEnd({ ...record, read: 0 }, new Date())).toBeUndefined();
    expect(expectedEnd({ ...record, startedAt: null }, new Date())).toBeUndefined();
    expect(progressOf({ ...record, read: 1_100 })).toBe(1);
  });
});
