import { expect, it } from 'vitest';
import { formIssues } from '../../commands/formIssues.ts';
import { shippedModel } from '../support/configuration.ts';

it.each([
  [[], ['required']],
  [[0], ['required']],
  [[0, 4], []],
  [[1, 2, 3], ['maxItems']],
])('a form that needs one file, at most two, says of files of %j bytes: %j', async (sizes, codes) => {
  const text = { de: 'x', en: 'x' };
  const form = { title: text, thanks: text, fields: [], files: { isRequired: true, most: 2 } };
  const files = sizes.map((size) => ({ size }));
  const issues = formIssues(form, { model: await shippedModel('lead'), values: {}, files }, 'de');
  expect(issues.map(({ code }) => code)).toEqual(codes);
});
