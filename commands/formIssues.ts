import type { EntityModel } from '../core/entity.ts';
import { issueOf, type Issue, type Language } from '../core/errors.ts';
import { isMappable } from '../core/mappable.ts';
import type { RecordData } from '../store/record-table.ts';
import type { SourceForm, SourceFormField } from './source.ts';

/** Lead field that the form's consent box fills. */
export const consentField = 'consent';
/** Input of a form that takes files. */
export const filesField = 'files';

/** The inputs of a form for fields of the lead; the consent box is one more, wherever the form has a text for it. */
export function formFields(form: SourceForm): readonly SourceFormField[] {
  const listed = form.fields.filter(({ field }) => form.consentText === undefined || field !== consentField);
  return form.consentText === undefined
    ? listed
    : [...listed, { field: consentField, label: form.consentText, isRequired: true }];
}

const missing = { de: 'Bitte ausfüllen.', en: 'Please fill this in.' };
const unticked = { de: 'Bitte bestätigen.', en: 'Please confirm this.' };
const noFile = { de: 'Bitte eine Datei auswählen.', en: 'Please choose a file.' };
const tooMany = (most: number) => ({ de: `Höchstens ${most} Dateien.`, en: `At most ${most} files.` });

const isMissing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  (typeof value === 'string' && value.trim() === '') ||
  (Array.isArray(value) && value.length === 0);

/** A field that the form cannot show must not be asked for. */
const canBeFilled = (model: EntityModel, name: string): boolean => {
  const field = model.fields.get(name);
  return field !== undefined && isMappable(field, model.name);
};

/** What a message through a form lacks by the form's own rules: required fields, consent, files. `values` are the mapped fields; a file of no bytes is not what was asked for. */
export function formIssues(
  form: SourceForm,
  message: { readonly model: EntityModel; readonly values: RecordData; readonly files: readonly RecordData[] },
  language: Language,
): Issue[] {
  const issues = formFields(form)
    .filter(
      ({ field, isRequired }) =>
        isRequired === true && canBeFilled(message.model, field) && isMissing(message.values[field]),
    )
    .map(({ field }) => {
      const text = message.model.fields.get(field)?.kind === 'boolean' ? unticked : missing;
      return issueOf({ path: `/${field}`, code: 'required' }, text, language);
    });
  const { files } = form;
  if (files === undefined) return issues;
  const most = files.most ?? 1;
  const path = `/${filesField}`;
  if (files.isRequired === true && message.files.every(({ size }) => size === 0))
    issues.push(issueOf({ path, code: 'required' }, noFile, language));
  if (message.files.length > most) issues.push(issueOf({ path, code: 'maxItems' }, tooMany(most), language));
  return issues;
}
