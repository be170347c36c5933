import type { Language } from '../../core/errors.ts';
import { consentField } from '../../commands/formIssues.ts';
import type { FormInput } from './form-fields.ts';
import { markup, withLinks, type Html } from './form-html.ts';
import { formTexts } from './form-texts.ts';

/** What is shown in an input: what was sent before, and what is wrong with it. */
export interface Filled {
  readonly language: Language;
  readonly value: unknown;
  readonly fault: string | undefined;
}

/** Ids of inputs have a prefix: an admin's field may have the name of anything else on the page. */
export const inputId = (name: string): string => `f-${name}`;

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

const valuesOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [textOf(value)]);

/** The attributes that every control has: its name, what it must hold, and the texts that belong to it. */
const attributes = (input: FormInput, fault: string | undefined): Html => {
  const described = [input.help === undefined ? '' : `${inputId(input.name)}-help`, `${inputId(input.name)}-fault`]
    .filter((id) => id !== '')
    .join(' ');
  return markup` id="${inputId(input.name)}" name="${input.name}" aria-describedby="${described}"${input.isRequired && markup` required`}${fault !== undefined && markup` aria-invalid="true"`}`;
};

const more = (input: FormInput): Html => {
  const { maxLength, placeholder, autocomplete, control } = input;
  const isTyped = control !== 'date' && control !== 'datetime-local' && control !== 'number';
  return markup`${isTyped && maxLength !== undefined && markup` maxlength="${maxLength}"`}${placeholder !== undefined && markup` placeholder="${placeholder}"`}${autocomplete !== undefined && markup` autocomplete="${autocomplete}"`}${control === 'decimal' && markup` inputmode="decimal"`}`;
};

const controlOf = (input: FormInput, { language, value, fault }: Filled): Html => {
  const own = attributes(input, fault);
  if (input.control === 'file') return markup`<input type="file"${own}${input.mayRepeat && markup` multiple`}>`;
  // The line break is the parser's: a value that begins with one keeps it.
  if (input.control === 'textarea') return markup`<textarea${own}${more(input)} rows="5">\n${textOf(value)}</textarea>`;
  if (input.control !== 'select')
    return markup`<input type="${input.control === 'decimal' ? 'text' : input.control}"${own}${more(input)} value="${textOf(value)}">`;
  const options = input.options.map(
    ({ key, label }) => markup`<option value="${key}"${textOf(value) === key && markup` selected`}>${label}</option>`,
  );
  return markup`<select${own}><option value="">${formTexts[language].pleaseChoose}</option>${options}</select>`;
};

const requiredMark = markup`<span class="mark" aria-hidden="true">*</span>`;

const help = (input: FormInput): Html =>
  markup`${input.help !== undefined && markup`<p class="help" id="${inputId(input.name)}-help">${input.help}</p>`}`;

const faultText = (input: FormInput, fault: string | undefined): Html =>
  markup`<p class="fault" id="${inputId(input.name)}-fault" data-label="${input.shortLabel}"${fault === undefined && markup` hidden`}>${fault}</p>`;

const tick = (input: FormInput, filled: Filled): Html => {
  const label = input.name === consentField ? withLinks(input.label) : markup`${input.label}`;
  const isTicked = textOf(filled.value) !== '' || filled.value === true;
  return markup`<div class="field wide">
<div class="tick"><input type="checkbox" value="true"${attributes(input, filled.fault)}${isTicked && markup` checked`}><label for="${inputId(input.name)}">${label}${input.isRequired && markup` ${requiredMark}`}</label></div>
${help(input)}${faultText(input, filled.fault)}</div>
`;
};

const ticks = (input: FormInput, filled: Filled): Html => {
  const values = valuesOf(filled.value);
  const boxes = input.options.map(
    ({ key, label }) =>
      markup`<div class="tick"><input type="checkbox" id="${inputId(input.name)}-${key}" name="${input.name}" value="${key}"${values.includes(key) && markup` checked`}><label for="${inputId(input.name)}-${key}">${label}</label></div>`,
  );
  return markup`<fieldset class="field wide" id="${inputId(input.name)}" tabindex="-1" aria-describedby="${inputId(input.name)}-fault">
<legend>${input.label}${input.isRequired && markup` ${requiredMark}`}</legend>
<div class="ticks">${boxes}</div>${help(input)}${faultText(input, filled.fault)}</fieldset>
`;
};

/** One input with its label, help and fault. */
export function renderInput(input: FormInput, filled: Filled): Html {
  if (input.control === 'checkbox') return tick(input, filled);
  if (input.control === 'checkboxes') return ticks(input, filled);
  return markup`<div class="field${!input.isHalf && ' wide'}">
<label for="${inputId(input.name)}">${input.label}${input.isRequired && markup` ${requiredMark}`}</label>
${controlOf(input, filled)}
${help(input)}${faultText(input, filled.fault)}</div>
`;
}
