import { consentField, filesField, formFields } from '../../commands/formIssues.ts';
import type { SourceForm, SourceFormField } from '../../commands/source.ts';
import type { EntityModel, Field, FieldKind } from '../../core/entity.ts';
import type { Language } from '../../core/errors.ts';
import type { Choice } from '../../core/field-value.ts';
import { isMappable } from '../../core/mappable.ts';
import { formTexts } from './form-texts.ts';

/** What an input is for the browser: a type of `<input>`, or one of the other elements. */
type Control =
  | 'text'
  | 'email'
  | 'tel'
  | 'date'
  | 'datetime-local'
  | 'number'
  | 'decimal'
  | 'textarea'
  | 'checkbox'
  | 'select'
  | 'checkboxes'
  | 'file';

/** One input of a form, in the visitor's language. */
export interface FormInput {
  readonly name: string;
  readonly control: Control;
  readonly label: string;
  /** What a list of faults calls it: a consent text is too long for that. */
  readonly shortLabel: string;
  readonly help: string | undefined;
  readonly placeholder: string | undefined;
  readonly isRequired: boolean;
  readonly maxLength: number | undefined;
  readonly autocomplete: string | undefined;
  readonly options: readonly { readonly key: string; readonly label: string }[];
  /** It shares a line with its neighbour. */
  readonly isHalf: boolean;
  readonly mayRepeat: boolean;
}

/** Reads the choices of a config kind. */
export type ChoicesOf = (kind: string) => readonly Choice[];

/** What browsers fill in by themselves (WCAG 1.3.5). */
const autocompletes: Readonly<Record<string, string>> = {
  firstName: 'given-name',
  lastName: 'family-name',
  email: 'email',
  phone: 'tel',
  company: 'organization',
  jobTitle: 'organization-title',
  street: 'address-line1',
  postalCode: 'postal-code',
  city: 'address-level2',
  country: 'country-name',
};

const textControl = (field: Field): Control => {
  if (field.format === 'email') return 'email';
  return field.format === 'phone' ? 'tel' : 'text';
};

const controls: Readonly<Record<FieldKind, (field: Field) => Control>> = {
  text: textControl,
  longText: () => 'textarea',
  integer: () => 'number',
  // `type="number"` refuses the decimal comma in some browsers and languages; the server reads both.
  decimal: () => 'decimal',
  money: () => 'decimal',
  boolean: () => 'checkbox',
  date: () => 'date',
  instant: () => 'datetime-local',
  choice: () => 'select',
  list: (field) => (field.configKind === undefined ? 'text' : 'checkboxes'),
  reference: () => 'text',
  json: () => 'text',
};

const optionsOf = (field: Field, choices: ChoicesOf, language: Language): FormInput['options'] => {
  if (field.configKind !== undefined)
    return choices(field.configKind).map(({ key, label }) => ({ key, label: label[language] }));
  return (field.values ?? []).map((key) => ({ key, label: key }));
};

const toInput = (
  asked: SourceFormField,
  field: Field,
  words: { choices: ChoicesOf; language: Language },
): FormInput => {
  const { language } = words;
  const autocomplete = field.name === 'title' ? 'off' : autocompletes[field.name];
  return {
    name: field.name,
    control: controls[field.kind](field),
    label: (asked.label ?? field.label)[language],
    shortLabel: (field.name === consentField ? field.label : (asked.label ?? field.label))[language],
    help: asked.help?.[language],
    placeholder: asked.placeholder?.[language],
    isRequired: asked.isRequired === true,
    maxLength: field.maxLength,
    autocomplete,
    options: optionsOf(field, words.choices, language),
    isHalf: false,
    mayRepeat: false,
  };
};

const filesInput = (files: NonNullable<SourceForm['files']>, language: Language): FormInput => ({
  name: filesField,
  control: 'file',
  label: files.label?.[language] ?? formTexts[language].files,
  shortLabel: files.label?.[language] ?? formTexts[language].files,
  help: files.help?.[language],
  placeholder: undefined,
  isRequired: files.isRequired === true,
  maxLength: undefined,
  autocomplete: undefined,
  options: [],
  isHalf: false,
  mayRepeat: (files.most ?? 1) > 1,
});

const isWide = (input: FormInput): boolean =>
  input.name === 'street' || ['textarea', 'checkbox', 'checkboxes', 'file'].includes(input.control);

/** Two short inputs that follow each other share a line; one that is left over has its own. */
const paired = (inputs: readonly FormInput[]): FormInput[] => {
  const result: FormInput[] = [];
  for (let at = 0; at < inputs.length; at += 1) {
    const [one, other] = [inputs[at], inputs[at + 1]];
    if (one === undefined) break;
    if (other !== undefined && !isWide(one) && !isWide(other)) {
      result.push({ ...one, isHalf: true }, { ...other, isHalf: true });
      at += 1;
    } else result.push(one);
  }
  return result;
};

/**
 * The inputs of a source's form in their order, the files and the consent box last. A field that a message may not fill, or that the
 * schema no longer has, is left out: an admin's list must not break the form.
 */
export function formInputs(
  form: SourceForm,
  model: EntityModel,
  words: { readonly choices: ChoicesOf; readonly language: Language },
): readonly FormInput[] {
  const inputs = formFields(form).flatMap((asked) => {
    const field = model.fields.get(asked.field);
    return field === undefined || !isMappable(field, 'lead') ? [] : [toInput(asked, field, words)];
  });
  const files = form.files === undefined ? [] : [filesInput(form.files, words.language)];
  const isConsent = (input: FormInput): boolean => input.name === consentField && form.consentText !== undefined;
  return paired([...inputs.filter((input) => !isConsent(input)), ...files, ...inputs.filter(isConsent)]);
}
